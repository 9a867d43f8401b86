"""What happened beside the readings: calls for help, and requests to measure again."""
