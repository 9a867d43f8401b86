"""Messages of the homes become rows; what is stored is told to the gateway by a receipt."""
