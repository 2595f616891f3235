"""RUNS: embedded database, supervisor, backup, doctor."""
