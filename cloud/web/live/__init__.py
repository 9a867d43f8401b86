"""Live events: the broker and the database on one side, every open page on the other."""
