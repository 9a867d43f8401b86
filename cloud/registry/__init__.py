"""Regions, homes, elders, gateways, devices, and who wears what when."""
