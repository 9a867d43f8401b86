"""National identity numbers and social insurance cards: read, sealed, found again."""
