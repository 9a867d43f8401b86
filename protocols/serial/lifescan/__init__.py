"""LifeScan OneTouch meters."""
