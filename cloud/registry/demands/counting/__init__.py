"""How much is wished for: by kind, month and community, and how much to expect."""
