"""`retour demo` from nothing, as real processes: both returns end, and all books agree."""

import copy
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from retour.cli.demo import INTERRUPTED, seeding, telling
from retour.cli.demo.story import CHAPTERS, Told, Whole
from retour.ops.postgres import EmbeddedPostgres
from tests.waiting import until_seen

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
def environ(data_dir: Path) -> Mapping[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RETOUR_", "DATABASE_URL"))}
    return inherited | {"PYTHONPATH": str(SOURCE), "RETOUR_DATA_DIR": str(data_dir)}


@pytest.fixture(scope="module")
def demo(environ: Mapping[str, str]) -> Demo:
    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "retour.cli", "demo", "--once", *options],
            env=dict(environ), capture_output=True, text=True, timeout=MOST_SECONDS, check=False,
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


def test_a_database_that_is_not_this_folders_is_named_at_once_and_pays_nothing(
    demo: Demo, data_dir: Path, told: Any
) -> None:
    known, aside = data_dir / "instance.json", data_dir / "instance.aside"
    known.rename(aside)
    try:
        done = demo()
    finally:
        aside.rename(known)

    assert done.returncode == 1
    assert "demo_stuck: the database of this folder moves no money: this machine has not joined" in done.stderr
    assert "two shoppers order" not in done.stdout


@pytest.fixture(scope="module")
def open_demo(environ: Mapping[str, str], data_dir: Path, told: Any) -> Iterator[Any]:
    """What a second run on the same data prints and serves, with its desk filled."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own = {**environ, "RETOUR_PORT": str(probe.getsockname()[1])}
    command = [sys.executable, "-m", "retour.cli", "demo", "--json"]
    with subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            lines = list(iter(running.stdout.readline, "}\n"))
            yield json.loads("".join([*lines, "}"]))
        finally:
            running.send_signal(signal.SIGINT)
            out, errors = running.communicate(timeout=60)
    assert running.returncode in {0, INTERRUPTED}, out + errors  # the desk may still have been filled
    assert not EmbeddedPostgres(data_dir).status().running


def test_it_runs_again_on_the_same_data_and_invites_a_visitor(open_demo: Any, told: Any) -> None:
    assert open_demo["agreed"] is True
    assert not {c["return"]["number"] for c in open_demo["chapters"]} & {
        c["return"]["number"] for c in told["chapters"]
    }
    for what in ("shopper's portal", "sandbox shop", "mail", "API, to try out"):
        status, text = fetch(open_demo["open"][what])
        assert (status, "<h1" in text or "swagger" in text) == (200, True), what


def test_the_printed_login_opens_the_dashboard(open_demo: Any) -> None:
    where, jar = open_demo["open"], http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(where["dashboard"], timeout=20).read().decode()
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    wish = {**hidden, "email": where["sign in as"], "password": where["password"]}
    own = where["dashboard"].rpartition("/")[0]
    sent = urllib.request.Request(
        f"{own}/sign-in", urllib.parse.urlencode(wish).encode(), {"Origin": own, "Sec-Fetch-Site": "same-origin"}
    )

    with browser.open(sent, timeout=20) as answer:
        landed, text = answer.url, answer.read().decode()

    assert landed.startswith(where["dashboard"])
    assert "Ana Keller" in text


def test_the_desk_is_filled_with_returns_in_every_state(open_demo: Any) -> None:
    own = open_demo["open"]["dashboard"].rpartition("/")[0]
    headers = {"X-API-Key": open_demo["open"]["API key"], "X-Shop-Name": open_demo["open"]["shop name"]}

    def seen() -> Any:
        text = fetch(f"{own}/api/v1/returns?limit=100", headers)[1]
        items = json.loads(text)["items"]
        waits = {item["blocked_by"]["code"] for item in items if item["blocked_by"]}
        return (len(items), waits) if len(items) == 2 + len(seeding.PLANS) and waits >= WAITS else None

    count, _ = until_seen(seen, within_seconds=90)

    assert count == 28


WAITS = {
    "decision_needed", "held", "awaiting_shipment", "in_transit", "parcel_exception", "awaiting_receipt",
    "awaiting_inspection", "platform_disagrees",
}  # fmt: skip


def fetch(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers or {})), timeout=20) as answer:
        return answer.status, answer.read().decode()
