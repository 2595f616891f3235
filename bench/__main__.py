"""`python -m bench [name …]`: run the benchmarks of these names, or all of them."""

import importlib
import sys

from .report import Report

NAMES = (
    "create_return", "lifecycle", "memory", "list_returns", "search", "pages", "intake", "sync", "policy", "simulate",
)  # fmt: skip


def main(wanted: list[str]) -> int:
    """Run the benchmarks; return 1 if a figure is beyond its limit, 2 for an unknown name."""
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; known: {', '.join(NAMES)}")
        return 2
    report = Report()
    for name in wanted or NAMES:
        importlib.import_module(f"bench.{name}").run(report)
    missed = report.missed()
    for row in missed:
        print(f"missed: {row.name}, {row.figure}: {row.value:.2f}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
