"""Outgoing webhooks: how events reach the receivers that merchants name."""
