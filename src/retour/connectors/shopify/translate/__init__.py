"""Translate between the platform's documents and our own words; everything here is pure."""
