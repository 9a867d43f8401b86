"""The alarm desk: a person calls, somebody takes it, and the home hears every step."""
