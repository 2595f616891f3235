"""SHOWS: what the doors share."""
