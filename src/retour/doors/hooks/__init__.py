"""Inbound webhooks: verify, store, answer."""
