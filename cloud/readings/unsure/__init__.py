"""What is nobody's for sure is handed on: detection looks whether it is severe."""
