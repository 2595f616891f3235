"""KEEPS: PostgreSQL, and the only SQL of the house."""
