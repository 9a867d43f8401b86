"""Layer 4: measurements that are usual do not come, and what that may mean. Pure."""
