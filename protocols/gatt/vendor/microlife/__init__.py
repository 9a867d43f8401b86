"""Microlife blood pressure monitors with Bluetooth (BP B6 Connect, BP3GY1-2N and relatives)."""
