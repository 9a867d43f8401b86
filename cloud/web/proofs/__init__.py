"""The report of a home that was proven: for staff, and for the elder and the family to print."""
