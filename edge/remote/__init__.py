"""What the centre changes in this gateway's configuration: taken, tried, kept or taken back."""
