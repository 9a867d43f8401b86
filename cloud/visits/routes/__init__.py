"""The day's routes as they are driven: laid from what stands in the tables, written back, told."""
