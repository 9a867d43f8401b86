"""What we are made of, and what is known against it: `./dev sbom` and `./dev audit`."""
