"""What nurses said of alerts moves an elder's own figures: within bounds, explained, and undone as openly."""
