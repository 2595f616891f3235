"""Tests of what the house decides: pure values in, pure values out."""
