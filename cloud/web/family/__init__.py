"""What one of the family sees of an elder: what the elder agreed to, and nothing else."""
