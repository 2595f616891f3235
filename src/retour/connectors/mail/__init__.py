"""Outgoing mail: how letters reach the server that the operator names."""
