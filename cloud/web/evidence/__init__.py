"""What is known of one elder over time: the matter of charts, lists and sentences."""
