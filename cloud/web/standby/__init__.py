"""The pages while the database is away: who is signed in, whose home it is, and what is known of who calls."""
