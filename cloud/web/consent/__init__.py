"""What an elder agreed to: as staff writes it down, and as the elder sees and withdraws it."""
