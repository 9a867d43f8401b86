"""Pushes and webhooks on their way, tried until they are taken, and the receipts of phones."""
