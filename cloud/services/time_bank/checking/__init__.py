"""Whether the ledger is whole: every line added up anew, apart from what the database holds at each deed."""
