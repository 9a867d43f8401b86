"""`python -m edge`: the same as `doorstep-edge`."""

from edge.cli import main

main()
