"""Messages to the phones of staff, by the push services of their browsers (RFC 8030, 8291, 8292)."""
