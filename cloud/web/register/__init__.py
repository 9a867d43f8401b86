"""The register of elders: found, read, written, moved, and what they can do by themselves."""
