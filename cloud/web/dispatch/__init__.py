"""The dispatcher: who goes where and when, what a move would cost, and the move itself."""
