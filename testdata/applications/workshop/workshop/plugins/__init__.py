"""Modules here are found by their place."""
