"""By when somebody is promised: within the hours in which somebody can come."""
