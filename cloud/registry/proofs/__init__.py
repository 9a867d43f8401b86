"""Reports of homes that were proven, and where a home's devices are and whose."""
