"""Reading a meter once, by hand: nothing is remembered, nothing is sent, nothing is erased."""
