"""The nurse: today, a visit with its evidence, its report."""
