"""Photos and spoken words: the few places that take a file, and who is shown what was kept."""
