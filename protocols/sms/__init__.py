"""Short messages as a GSM modem takes and gives them: TS 23.038 (alphabets), 23.040 (PDUs), 27.005 (AT commands)."""
