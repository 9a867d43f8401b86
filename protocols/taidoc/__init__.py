"""TaiDoc meters (Fora, GlucoRx, GlucoMen Nexus ...): one frame of 8 bytes, over a cable or over Bluetooth."""
