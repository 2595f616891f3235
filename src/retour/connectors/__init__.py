"""TALKS: one folder per outside system."""
