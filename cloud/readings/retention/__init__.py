"""What is old enough leaves the rows, and stays in the hourly and daily figures."""
