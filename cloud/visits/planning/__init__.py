"""Who goes where, when: a day's visits laid into routes. Pure maths, no database."""
