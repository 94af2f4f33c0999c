"""A plugin's helper: it has no router."""

GRAMS = 1000
