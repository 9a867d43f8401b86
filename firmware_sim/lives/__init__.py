"""Whole days of elders at home, as pure data: when they measure, move about the bathroom, take a shower."""
