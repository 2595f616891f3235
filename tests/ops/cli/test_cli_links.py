"""Signed links on the command line."""

import re
from datetime import UTC, datetime

from tests.ops.cli.conftest import Shell


def days_of(shell: Shell, *more: str) -> int:
    """Return for how many days a link is good."""
    (until,) = re.findall(r"until=(\d+)", shell.json("link", "make", "#1001", *more, "--account", "Linked")["link"])
    return round((int(until) - datetime.now(UTC).timestamp()) / 86_400)


def test_a_link_is_made_its_secret_is_shown_and_renewing_changes_both(shell: Shell) -> None:
    shell.ok("account", "create", "Linked")
    shell.ok("store", "create", "Fjell & Hus", "--currency", "EUR", "--account", "Linked")

    made = shell.json("link", "make", "#1001", "--days", "30", "--account", "Linked")["link"]
    told = shell.json("link", "secret", "--account", "Linked")

    days = [days_of(shell, *more) for more in ((), ("--gift",), ("--gift", "--days", "7"))]

    assert days == [60, 90, 7]
    assert "/returns/fjell-hus/link?order=%231001&until=" in made
    assert told["portal"].endswith("/returns/fjell-hus")
    assert len(told["secret"]) == 64
    assert shell.refused("link", "make", "#1001", "--days", "401", "--account", "Linked") == "invalid_duration"
    shell.ok("link", "renew", "--account", "Linked")
    assert shell.json("link", "secret", "--account", "Linked")["secret"] != told["secret"]
