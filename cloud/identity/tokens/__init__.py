"""Tokens by which programs act for a person, within scopes."""
