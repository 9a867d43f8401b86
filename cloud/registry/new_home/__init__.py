"""Making one home by hand."""
