"""Demands on their way: taken in from any mouth, sorted, joined, handed to the visits' queue or to the alarm desk."""
