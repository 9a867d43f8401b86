"""What sensors of a home told, as the columns that the layers look at."""
