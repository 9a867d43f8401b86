"""The way in of elders and their families: a link, and a short code beside it."""
