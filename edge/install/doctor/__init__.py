"""`doorstep-edge doctor`: what is wrong with a machine and its gateway, in plain words, and what to do."""
