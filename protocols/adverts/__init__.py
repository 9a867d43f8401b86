"""What devices broadcast: service data of advertisements, and the guard against replays of them."""
