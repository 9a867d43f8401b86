"""The parts of `./dev bench detect`: people of the data sets, peers, scores, and what is put into real series."""
