"""Abbott FreeStyle meters on the strip-port or mini-jack cable: the whole memory as text."""
