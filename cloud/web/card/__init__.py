"""The card of who calls: who, where, whom to call, what is known, and what the home heard."""
