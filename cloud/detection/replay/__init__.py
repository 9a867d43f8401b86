"""The live detector over files: readings and events go in, the alerts that it would have raised come out."""
