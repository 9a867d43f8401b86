"""Pushes to the phones of staff: letting a browser take them, and the receipts that it sends back."""
