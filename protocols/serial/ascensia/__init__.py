"""Bayer and Ascensia Contour meters on the serial cable: LIS records in LIS1-A frames (once ASTM E1394 and E1381)."""
