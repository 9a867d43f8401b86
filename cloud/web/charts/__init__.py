"""Charts as geometry: pure numbers in, places on the paper out; templates draw them as SVG."""
