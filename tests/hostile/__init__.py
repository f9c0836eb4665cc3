"""Hostile and damaged files, made by code, through the real command line."""
