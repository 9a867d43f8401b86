"""Meters that speak their maker's own protocol over Bluetooth: one folder a maker, one session contract for all."""
