"""Dead letters: messages that could not be stored, for the administrator."""
