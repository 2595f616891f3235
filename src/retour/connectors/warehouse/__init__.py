"""Warehouse systems that report receipts, verdicts and restocks as signed messages."""
