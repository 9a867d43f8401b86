"""What people of the staff can do, and when they work."""
