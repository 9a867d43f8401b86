"""Who is told of an alarm, by what and when, until somebody takes it."""
