"""The bank of volunteers' hours: a ledger in two columns, in whole minutes, that is added to and never changed."""
