"""The installer's way: enrolled, a service, paired, proven, replaced. Each step goes on after a power cut."""
