"""Erasing one elder, so that no back-up brings them back."""
