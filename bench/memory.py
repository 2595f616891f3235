"""Resident memory of two web processes, a worker and an executor after they have worked."""

from . import lifecycle
from .report import Report


def run(report: Report) -> None:
    """Let whole returns go through all processes, then look."""
    lifecycle.run_for_memory(report)
