"""Days on which nurses do not work, as the staff note them."""
