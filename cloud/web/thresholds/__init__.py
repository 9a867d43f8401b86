"""What one elder is judged by: figures that moved by what nurses said of alerts, or that a clinician set."""
