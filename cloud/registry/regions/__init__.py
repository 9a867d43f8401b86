"""The tree of regions: what their codes say."""
