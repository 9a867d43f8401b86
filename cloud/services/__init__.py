"""What is done for elders beside nursing, one folder a service; above the registry, visits and alarms."""
