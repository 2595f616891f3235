"""Carriers that report scans with signed webhooks."""
