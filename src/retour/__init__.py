"""Retour, the self-hosted returns platform."""

__version__ = "0.1.0"
