"""Tests of the return: its moves, its next steps, whom it waits for."""
