"""Which readings are known: a measurement is one row, however often and from wherever it comes."""
