"""`retour demo` from nothing, as real processes: both returns end, and all books agree."""

import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from retour.cli.demo import telling
from retour.cli.demo.story import CHAPTERS, Told, Whole
from retour.ops.postgres import EmbeddedPostgres

SOURCE = Path(__file__).resolve().parents[2] / "src"
MOST_SECONDS = 180

Demo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="retour-demo-"))
    home.chmod(0o755)
    yield home / "data"
    EmbeddedPostgres(home / "data").destroy()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def demo(data_dir: Path) -> Demo:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RETOUR_", "DATABASE_URL"))}
    environ = inherited | {"PYTHONPATH": str(SOURCE), "RETOUR_DATA_DIR": str(data_dir)}

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "retour.cli", "demo", "--once", *options],
            env=environ, capture_output=True, text=True, timeout=MOST_SECONDS, check=False,
        )  # fmt: skip

    return run


@pytest.fixture(scope="module")
def told(demo: Demo) -> Any:
    """What the first run printed as JSON."""
    done = demo("--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_both_returns_are_resolved_and_every_comparison_holds(told: Any) -> None:
    checks = [check for chapter in told["chapters"] for check in chapter["checks"]] + told["checks"]

    assert told["agreed"] is True
    assert [check["what"] for check in checks if not check["holds"]] == []
    assert len(checks) == 19
    assert [chapter["return"]["status"] for chapter in told["chapters"]] == ["resolved", "resolved"]


def test_the_shop_paid_back_what_was_worked_out_by_hand(told: Any) -> None:
    assert [chapter["shop"]["refunded"] for chapter in told["chapters"]] == ["38.00", "41.08"]
    assert sum(told["counts"]["refunds_by_reference"].values()) == 2


def test_only_sound_units_are_back_on_the_shelves(told: Any) -> None:
    assert told["counts"]["restocked_units"] == 3
    assert sorted((row["sku"], row["quantity"]) for row in told["counts"]["restocks"]) == [
        ("RT-COFFEE-1KG", 1),
        ("RT-MUG-SET", 1),
        ("RT-TEE-BLK-M", 1),
    ]


def test_everybody_who_acted_is_named(told: Any) -> None:
    actors = {event["actor"] for chapter in told["chapters"] for event in chapter["timeline"]}

    assert actors == {"agent", "policy", "warehouse", "carrier:sandbox", "retour"}


def test_a_difference_in_any_book_is_found(told: Any) -> None:
    assert telling.agreed(_whole(told))
    for name, spoil in SPOILED.items():
        other = copy.deepcopy(told)
        spoil(other)
        assert not telling.agreed(_whole(other)), name


SPOILED: Mapping[str, Callable[[Any], Any]] = {
    "settlement": lambda d: d["chapters"][0]["return"]["settlements"][0].update(total_minor=3801),
    "explanation": lambda d: d["chapters"][0]["return"]["settlements"][0]["plan"]["rows"][1].update(amount_minor=3799),
    "leg": lambda d: d["chapters"][1]["return"]["settlements"][0]["plan"]["legs"][0].update(amount_minor=4107),
    "shop's refund": lambda d: d["chapters"][1]["shop"]["refunds"][0].update(amount="41.07"),
    "shop's total": lambda d: d["chapters"][1]["shop"].update(refunded="41.09"),
    "lost transaction": lambda d: d["chapters"][0]["shop"].update(transactions=[]),
    "shelf": lambda d: d["stock"][0].update(units=2),
    "restock": lambda d: d["counts"]["restocks"].pop(),
    "refund twice": lambda d: d["counts"]["broken"].update(double_refunds={"R-1": 2}),
    "open return": lambda d: d["chapters"][0]["shop"]["returns"][0].update(status="OPEN"),
    "tag": lambda d: d["chapters"][0]["shop"].update(tags=["return-in-transit"]),
    "unknown effect": lambda d: d["chapters"][0]["return"]["effects"][0].update(state="unknown"),
}


def _whole(document: Any) -> Whole:
    """Return the story as it was read, from what was printed of it."""
    told = [
        Told(played, c["order"], c["return"], c["timeline"], c["shop"], tagged_in_transit=True)
        for played, c in zip(CHAPTERS, document["chapters"], strict=True)
    ]
    before: dict[str, Any] = {row["sku"]: {row["place"]: {"available": 7}} for row in document["stock"]}
    after = {row["sku"]: {row["place"]: {"available": 7 + row["units"]}} for row in document["stock"]}
    return Whole(told, before, after, {}, document["counts"], [])


def test_it_runs_again_on_the_same_data_and_leaves_nothing_running(demo: Demo, told: Any, data_dir: Path) -> None:
    again = demo()

    assert again.returncode == 0, again.stdout + again.stderr
    assert "✗" not in again.stdout
    assert "R-10004" in again.stdout
    assert not EmbeddedPostgres(data_dir).status().running
