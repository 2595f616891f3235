"""Measures the product against the limits of the machine it runs on, in the same run: `python -m bench`."""
