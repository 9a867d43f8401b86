"""Bytes <-> values. Pure: no clock, no I/O, no asyncio; time is passed in."""
