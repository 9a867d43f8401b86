"""Who may open what: the written matrix, and what is asked of each route."""
