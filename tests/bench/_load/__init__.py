"""The parts of `./dev bench load`: a town's centre in its own processes, what happens in it, and who looks at it."""
