"""Pools, migrations and wake-ups. The only room beside the `store` files that knows psycopg."""
