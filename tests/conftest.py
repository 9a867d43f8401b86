"""Hypothesis profiles: `./dev check` looks quickly, `./dev test` looks thoroughly."""

import os

from hypothesis import settings

settings.register_profile("quick", max_examples=15, deadline=None)
settings.register_profile("thorough", max_examples=100, deadline=None)
settings.load_profile(os.environ.get("DOORSTEP_HYPOTHESIS", "thorough"))
