"""Demands: what elders wish, whoever says it and in whatever words. Which kind of wish it is, and how sure that is."""
