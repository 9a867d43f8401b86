"""What a dispatcher does with a visit: names the nurse and the time, and lets go of both."""
