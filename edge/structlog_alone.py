"""Loads structlog without rich, which it takes where it is installed: 5 MB in every gateway, for tracebacks in colour.

Imported first by the command line; a process that has either already is left as it is. Commands that print tables
import rich themselves, afterwards.
"""

import sys

if "structlog" not in sys.modules and "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment] # how Python is told that a module cannot be imported
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules["rich"]
