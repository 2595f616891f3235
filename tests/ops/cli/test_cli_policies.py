"""What a merchant types to look at a policy before publishing it, and to take a publication back."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import pytest

from retour.core.policy import encode, template
from retour.flows import connection as connections
from retour.flows import order as orders
from retour.flows import rma
from retour.ops.postgres import Urls
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from tests.doors.api.a_return import _order
from tests.ops.cli.conftest import Shell

PLAIN: dict[str, Any] = encode(template())
NEVER = {"eligibility": {"mode": "never"}}


@pytest.fixture(scope="module")
def shop(shell: Shell) -> Shell:
    """An account with one store and a published policy."""
    shell.ok("account", "create", "Acme")
    shell.ok("store", "create", "acme", "--currency", "EUR", "--timezone", "Europe/Berlin")
    shell.ok("policy", "publish", "template")
    return shell


def written(tmp_path: Path, name: str, **changes: Any) -> str:
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps({**PLAIN, "name": name, **changes}))
    return str(path)


def when(fact: str, op: str, value: Any) -> dict[str, Any]:
    return {"fact": fact, "op": op, "value": value}


def rule(name: str, condition: Any, then: Any = None) -> dict[str, Any]:
    return {"id": name, "name": name.title(), "when": condition, "then": then or NEVER}


def versions(shop: Shell) -> list[tuple[int, str, str]]:
    return [(v["version"], v["state"], v["name"]) for v in shop.json("policy", "list")]


def test_what_is_exported_is_imported_as_a_draft_published_and_taken_back(shop: Shell, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    shop.ok("policy", "export", "--to", str(file))
    assert json.loads(file.read_text()) == json.loads(shop.ok("policy", "export", "1")) == PLAIN

    made = shop.json("policy", "import", written(tmp_path, "Second"))
    listed = versions(shop)
    out = shop.ok("policy", "publish", str(made["version"]))
    late = shop.refused("policy", "publish", "template", "--after", "1")
    back = shop.ok("policy", "revert", "1")

    assert listed == [(2, "draft", "Second"), (1, "published", PLAIN["name"])]
    assert out == "published version 2\n"
    assert late == "state_changed"
    assert back == "published version 3, which is version 1 again\n"
    assert versions(shop) == [
        (3, "published", PLAIN["name"]), (2, "retired", "Second"), (1, "retired", PLAIN["name"]),
    ]  # fmt: skip
    assert json.loads(shop.ok("policy", "show", "2"))["name"] == "Second"
    assert "Second" in shop.ok("policy", "list")
    assert shop.refused("policy", "publish", "9") == "policy_not_found"


def test_a_check_of_a_file_asks_no_database_and_ends_with_its_worst(tmp_path: Path) -> None:
    shell = Shell({"RETOUR_APP_URL": "postgresql://nobody@127.0.0.1:1/none"})
    total = when("order.total", "gt", 100)
    bad = written(
        tmp_path, "bad", currency="EUR",
        rules=[rule("wide", total), rule("late", {"all": [total, when("order.country", "eq", "DE")]}),
               rule("odd", {"all": [when("order.total", "lt", 5), when("order.total", "gt", 9)]}),
               rule("same", {"expression": "order.total > 1"}, {"decision": {"approval": "review"}})],
    )  # fmt: skip

    result = shell("policy", "check", bad)
    fine = shell("policy", "check", written(tmp_path, "fine"))
    as_json = shell("policy", "check", bad, "--json")

    assert (result.exit_code, fine.exit_code, as_json.exit_code) == (1, 0, 1)
    assert fine.stdout == "0 findings in 2 rules\n"
    assert result.stdout.splitlines() == [
        "error: shadowed: “Late” never decides anything: “Wide” stands before it and covers all it matches. [eligibility]",
        "    for example: order.total is 101, order.country is DE",
        "error: never_matches: No order fulfils the conditions of “Odd”. [eligibility]",
        "    excludes another: order.total lt 5",
        "    excludes another: order.total gt 9",
        "    for example: order.total is 0, order.country is DE",
        "note: no_effect: “Same” says what holds without it: the same as the default. [decision]",
        "    for example: order.total is 2, order.country is DE",
        "3 findings in 4 rules",
    ]
    assert [one["kind"] for one in json.loads(as_json.stdout)["items"]] == ["shadowed", "never_matches", "no_effect"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"rules": [rule("odd", when("order.moon", "eq", "x"))]},
            "unknown_fact: rule odd “Odd”: rules[0].when.fact: is not a fact of the catalogue",
        ),
        ({"rules": [{"id": "odd"}]}, "missing_field: rule odd: rules[0].name: is required"),
        ({"surprise": 1}, "unknown_field: surprise: 'surprise' is not a known field"),
    ],
)
def test_a_check_of_what_is_no_policy_names_rule_field_and_reason(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    result = Shell({})("policy", "check", written(tmp_path, "bad", **changes))

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"{told}\n")


@pytest.mark.parametrize("content", ["[" * 100_000, "1" * 5_000, '{"a":', ""])
def test_a_file_that_is_no_json_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "odd.json"
    file.write_text(content)

    result = Shell({})("policy", "check", str(file))

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("invalid_policy: "), result.stderr


def test_a_bad_file_is_neither_imported_nor_published(shop: Shell, tmp_path: Path) -> None:
    before = versions(shop)
    bad = written(tmp_path, "bad", rules=[rule("odd", when("order.total", "gt", -1))])

    for verb in ("import", "publish"):
        result = shop("policy", verb, bad)
        assert result.exit_code == 2
        assert result.stderr.startswith("missing_currency: rule odd “Odd”: rules[0].when.value: ")
    assert shop.refused("policy", "import", "template:none") == "template_not_found"
    assert versions(shop) == before


def test_differences_are_told_between_files_and_versions(shop: Shell, tmp_path: Path) -> None:
    more = written(tmp_path, "More", rules=[*reversed(PLAIN["rules"]), rule("new", when("line.quantity", "gt", 1))])
    plain = written(tmp_path, "Plain")

    told = shop.ok("policy", "diff", plain, more).splitlines()
    back = shop.ok("policy", "diff", more, plain).splitlines()
    against = shop.json("policy", "diff", "1", plain)

    assert [line.split(":")[0] for line in told] == ["~ name", "> rules.final-sale", "+ rules.new"]
    assert back[1].startswith("- rules.new: {")
    assert [one["path"] for one in against["items"]] == ["name"]
    assert shop.ok("policy", "diff", plain, plain) == "no difference\n"
    assert shop.refused("policy", "diff", "1", "99") == "policy_not_found"


def test_a_version_is_checked_and_templates_and_the_schema_are_listed(shop: Shell) -> None:
    assert shop.ok("policy", "check") == "0 findings in 2 rules\n"
    assert shop.json("policy", "check", "--version", "1") == {"items": []}
    names = [one["name"] for one in shop.json("policy", "templates")]
    assert "eu-withdrawal" in names
    assert "European Union" in shop.ok("policy", "templates")
    assert json.loads(shop.ok("policy", "schema"))["title"] == "Returns policy"
    for name in names:
        shop.ok("policy", "import", f"template:{name}")


@pytest.fixture(scope="module")
def returned(shop: Shell, urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> int:
    """An order #1001 of the store, and the number of a return of one of its units."""
    [account], [store] = shop.json("account", "list"), shop.json("store", "list")
    tenant_id, store_id = UUID(account["tenant_id"]), UUID(store["id"])
    number = 0

    async def work() -> None:
        nonlocal number
        database = await Database.open(urls.app, pool_max=2)
        vault, now = Vault.open(tmp_path_factory.mktemp("keys"), role="all"), datetime.now(UTC)
        async with database.tx(tenant_id) as db:
            added = await connections.connect(
                db, vault, tenant_id=tenant_id, store_id=store_id, platform="shopify", far_name="x.example",
                base_url="https://x.example", write={"token": "t"}, actor="cli", now=now,
            )  # fmt: skip
        async with database.tx(tenant_id) as db:
            found = await orders.mirror(db, vault, connection_id=added.id, fetched=_order(0, 2, now), at=now)
        async with database.tx(tenant_id) as db:
            opened = await rma.open_return(
                db,
                rma.Asking(found.record.store_id, found.record.id, (rma.Wish("line-1", 1, "too_small"),), "api"),
                id=new_id(), actor="cli", now=now + timedelta(seconds=1), policies=PolicyCache(),
            )  # fmt: skip
            number = opened.new.number
        await database.close()

    anyio.run(work)
    return number


def test_an_order_is_explained_rule_by_rule(shop: Shell, returned: int, tmp_path: Path) -> None:
    condition = {"any": [{"not": when("order.total", "lt", 100)}, {"expression": "order.total > 1"}]}
    strict = written(tmp_path, "Strict", currency="EUR", rules=[rule("dear", condition)])

    plain = shop.ok("policy", "explain", "#1001").splitlines()
    refused = shop.ok("policy", "explain", "1001", "--document", strict).splitlines()
    as_json = shop.json("policy", "explain", "#1001", "--reason", "too_big", "--version", "1")

    assert plain[0] == f"order #1001, version 3: “{PLAIN['name']}”"
    assert plain[2].startswith("line-1  ")
    assert " may come back until " in plain[2]
    assert "  eligibility: decided by default" in plain
    assert "    no: product.gift_card eq true (it is false)" in plain
    assert refused[0] == "order #1001, a document that is no version: “Strict”"
    assert "  never_eligible by dear: This article cannot be returned. (order.total=2000)" in refused
    assert refused[-5:] == [
        "  rule dear “Dear”: yes, decides eligibility",
        "    yes: any of",
        "      yes: not of",
        "        no: order.total lt 100 (it is 2000)",
        "      yes: order.total > 1 (order.total is 2000)",
    ]
    assert as_json["lines"][0]["facts"]["values"]["line.reason"] == "too_big"
    assert shop.refused("policy", "explain", "#9") == "order_not_found"
    assert shop.refused("policy", "explain", "#1001", "--line", "none") == "line_not_found"


def test_a_return_is_explained_as_it_was_decided(shop: Shell, returned: int) -> None:
    told = shop.json("policy", "explain", f"R-{returned}")

    assert (told["order_name"], told["version"]) == ("#1001", 3)
    assert told["lines"][0]["facts"]["values"]["line.reason"] == "too_small"
    assert shop.refused("policy", "explain", "R-999999") == "return_not_found"
