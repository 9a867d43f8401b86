"""Meters on a serial line: one folder a family of meters, one session contract for all."""
