"""The parts of `./dev bench month`: a community, what its elders measure, how nurses work, and the clock of it all."""
