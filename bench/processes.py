"""What processes cost: CPU seconds and resident memory, read from /proc (Linux)."""

import os
from collections.abc import Iterable
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pids: Iterable[int]) -> float:
    """Return the CPU seconds (user and system) that processes have used so far."""
    return sum(_ticks(pid, children=False) for pid in pids) * TICK_S


def server_cpu_s(postmaster: int) -> float:
    """Return the CPU seconds of a PostgreSQL server with all its backends, also those that have ended."""
    living = sum(_ticks(pid, children=False) for pid in children(postmaster))
    return (living + _ticks(postmaster, children=True)) * TICK_S


def memory_mb(pid: int) -> float:
    """Return the proportional resident memory of a process: pages that n processes share count 1/n for each."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"no memory figure for process {pid}")


def _ticks(pid: int, *, children: bool) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(field) for field in fields[11 : 15 if children else 13])


def children(parent: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            found.append(int(path.parent.name))
    return found
