"""Who works here: accounts, roles, passwords, sessions."""
