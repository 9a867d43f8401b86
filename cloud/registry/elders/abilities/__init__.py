"""What elders can do by themselves: scales, and assessments by them."""
