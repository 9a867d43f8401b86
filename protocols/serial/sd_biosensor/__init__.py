"""SD Biosensor meters."""
