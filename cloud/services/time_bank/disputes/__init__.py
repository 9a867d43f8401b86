"""Somebody says that a deed of the ledger is not right; a coordinator answers."""
