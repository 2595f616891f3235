"""Whole returns while processes and databases are killed and the shop misbehaves: nothing twice, nothing lost.

RUNS says how many (12 in a test run, 500 under `make prove`), SEED which ones; a failing run prints its seed and number,
and `SEED=s RUN=n make chaos` plays that one alone.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import pytest

from retour.ops.postgres import EmbeddedPostgres
from retour.store import migrate
from tests.chaos.plan import POINTS
from tests.conftest import PREFIX, TEMPLATE

ROOT = Path(__file__).resolve().parents[2]
SMOKE = 12
LANES = int(os.environ.get("LANES", "8"))
DATABASE_SHARE = 15  # one run in so many kills its database
PARKED_AT_MOST = 0.01


@pytest.fixture(scope="module")
def durable() -> Iterator[EmbeddedPostgres]:
    """A server that keeps what it promised, to be killed."""
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    home.chmod(0o755)
    postgres = EmbeddedPostgres(home / "data", system_dir=home / "system")
    try:
        anyio.run(migrate.migrate, postgres.ensure_running().owner)
        yield postgres
    finally:
        postgres.destroy()
        shutil.rmtree(home, ignore_errors=True)


class Lanes:
    """Lanes that play at once, each with a database and a shop of its own."""

    def __init__(self, server: EmbeddedPostgres, folder: Path):
        self._server = server
        self._folder = folder
        self._started: list[tuple[subprocess.Popen[str], str | None]] = []

    def start(self, runs: tuple[int, int, int], seed: int, **more: Any) -> None:
        name = f"t{uuid4().hex}"
        urls = self._server.create_database(name, template=TEMPLATE)
        self._play({"urls": asdict(urls), "runs": runs, "seed": seed, **more}, name)

    def start_killing(self, durable: EmbeddedPostgres, runs: tuple[int, int, int], seed: int) -> None:
        home = durable.status().cluster
        data = Path(durable._data_dir)
        wish = {"urls": asdict(durable.ensure_running()), "runs": runs, "seed": seed, "data_dir": str(data)}
        self._play(wish | {"system_dir": str(durable._system_dir), "cluster": str(home)}, None)

    def _play(self, wish: dict[str, Any], name: str | None) -> None:
        wish["keys"] = str(self._folder / uuid4().hex)
        environ = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        command = [sys.executable, "-m", "tests.chaos.lane", json.dumps(wish)]
        self._started.append(
            (subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ, cwd=ROOT), name)
        )

    def results(self) -> list[dict[str, Any]]:
        """Wait for every lane and return what came of each run."""
        found = []
        try:
            for process, name in self._started:
                out, _ = process.communicate()
                found += [json.loads(line) for line in out.splitlines()]
                assert process.returncode == 0
                if name:
                    self._server.drop_database(name)
        finally:
            for process, _ in self._started:
                process.terminate()
        return found


def play(server: EmbeddedPostgres, durable: EmbeddedPostgres, folder: Path, runs: int) -> list[dict[str, Any]]:
    """Play that many runs in lanes side by side, one in fifteen of them with a database that dies."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))
    lanes, killing = Lanes(server, folder), max(1, runs // DATABASE_SHARE)
    if os.environ.get("RUN"):
        number = int(os.environ["RUN"])
        if number >= 1_000_000:
            lanes.start_killing(durable, (number, number + 1, 1), seed)
        else:
            lanes.start((number, number + 1, 1), seed)
    else:
        lanes.start_killing(durable, (1_000_000, 1_000_000 + killing, 1), seed)
        for lane in range(min(LANES - 1, runs - killing)):
            lanes.start((lane, runs - killing, LANES - 1), seed)
    results = lanes.results()
    _report(seed, results)
    return results


def say(line: str) -> None:
    """Write to the report of the run (`-s` shows it as it comes, a failure always)."""
    sys.stdout.write(line + "\n")


def _report(seed: int, results: list[dict[str, Any]]) -> None:
    deaths = Counter(point for r in results for point in r["killed"])
    databases = sum(len(r["databases"]) for r in results)
    parked = sum(bool(r["parked"]) for r in results)
    say(f"\nseed {seed}: {len(results)} runs, {deaths.total()} processes killed at {len(deaths)} points,")
    say(f"{databases} databases killed, {parked} runs parked, {sum(r['seconds'] for r in results):.0f} s in lanes")
    for r in results:
        if r["problems"] or r["parked"]:
            say(f"SEED={seed} RUN={r['number']}: {r['problems']}\n  " + json.dumps(r))


def judge(results: list[dict[str, Any]], runs: int) -> None:
    assert len(results) == runs
    assert [r["problems"] for r in results if r["problems"]] == []
    assert sum(bool(r["parked"]) for r in results) <= max(1, runs * PARKED_AT_MOST)


def test_a_few_killed_returns_end_as_if_nothing_had_happened(
    server: EmbeddedPostgres, durable: EmbeddedPostgres, tmp_path: Path
) -> None:
    judge(play(server, durable, tmp_path, SMOKE), SMOKE)


@pytest.mark.prove
def test_killed_returns_end_as_if_nothing_had_happened(
    server: EmbeddedPostgres, durable: EmbeddedPostgres, tmp_path: Path
) -> None:
    runs = int(os.environ.get("RUNS", "500"))
    results = play(server, durable, tmp_path, runs)
    judge(results, 1 if os.environ.get("RUN") else runs)


def test_every_point_that_kills_is_passed_by_an_undisturbed_return(server: EmbeddedPostgres, tmp_path: Path) -> None:
    lanes = Lanes(server, tmp_path)
    lanes.start((0, 3, 1), 1, watch=True)

    results = lanes.results()

    assert [r["problems"] for r in results] == [[], [], []]
    never = sorted(set(POINTS) - {point for r in results for point in r["seen"]})
    assert not never, never


@pytest.mark.parametrize("plant", ["new_key", "no_read_back"])
def test_a_planted_bug_is_caught(server: EmbeddedPostgres, tmp_path: Path, plant: str) -> None:
    lanes = Lanes(server, tmp_path)
    lanes.start((0, 6, 1), 1, plant=plant)

    results = lanes.results()

    say(f"{plant}: {sum(r['doubles'] for r in results)} double refunds in {len(results)} runs")
    assert sum(r["doubles"] for r in results) > 0
