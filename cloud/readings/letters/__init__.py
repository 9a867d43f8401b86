"""Dead letters, taken out again: listed, shown, and replayed after what they died of was mended."""
