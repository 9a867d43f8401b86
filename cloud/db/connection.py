"""The two kinds of connection that cross rooms: sync for workers, asyncio for the web and the alarm desk."""

from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]
AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]
