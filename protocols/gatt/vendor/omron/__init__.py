"""Omron blood pressure monitors that let their memory be read over Bluetooth. Read only, and only models we know."""
