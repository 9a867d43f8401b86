"""Measurements of shared meters: whose were they?"""
