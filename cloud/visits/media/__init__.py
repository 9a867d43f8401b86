"""Photos and spoken words of visits: what is let in, made small and clean, and kept apart from all else."""
