"""CARRIES: use cases; load, decide, save and enqueue in one transaction."""
