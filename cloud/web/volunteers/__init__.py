"""The coordinator's register of volunteers, and the volunteer's own pages."""
