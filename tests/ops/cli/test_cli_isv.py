"""Integrators on the command line: let in with a key shown once, given another one, removed with their services."""

from datetime import UTC, datetime
from uuid import UUID

import anyio

from retour.core.account import Role
from retour.flows.account import isv as flow
from retour.store.db import Database
from tests.ops.cli.conftest import Shell

NOBODY = "0192f0c1-2b3c-7d4e-8f50-617283940516"


def test_an_integrator_is_let_in_given_another_key_and_removed(shell: Shell) -> None:
    added = shell.json("isv", "add", "Cargo Bridge")
    told = shell.ok("isv", "list")
    rotated = shell.json("isv", "rotate", added["id"], "--keep-hours", "24")
    removed = shell.ok("isv", "remove", added["id"])
    (listed,) = shell.json("isv", "list")

    assert added["key"].startswith("rtr_isv_")
    assert ("Cargo Bridge" in told, added["key"] in told) == (True, False)
    assert (rotated["key"].startswith("rtr_isv_"), rotated["key"] != added["key"]) == (True, True)
    assert removed == f"removed {added['id']}; it serves 0 accounts no more\n"
    assert (listed["accounts"], listed["removed_at"] is not None) == (0, True)


def test_what_is_no_integrator_is_refused(shell: Shell) -> None:
    added = shell.json("isv", "add", "Short Lived")
    shell.ok("isv", "remove", added["id"])

    assert shell.refused("isv", "add", " ") == "invalid_name"
    assert shell.refused("isv", "rotate", NOBODY) == "isv_not_found"
    assert shell.refused("isv", "rotate", added["id"]) == "isv_not_found"
    assert shell.refused("isv", "remove", NOBODY) == "isv_not_found"
    assert shell.refused("isv", "remove", "nobody") == "isv_not_found"


def test_a_removal_that_was_cut_off_is_taken_up_again(shell: Shell) -> None:
    added = shell.json("isv", "add", "Cut Off")
    served = [shell.json("account", "create", f"Served {n}")["id"] for n in range(2)]
    at = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

    async def cut_off() -> None:
        database = await Database.open(shell.environ["RETOUR_APP_URL"], pool_max=1)
        async with database.tx(UUID(added["id"])) as db:
            known = await flow.find(db)
        for tenant_id in served:
            async with database.tx(UUID(tenant_id)) as db:
                await flow.admit(db, known=known, role=Role.AGENT, actor="staff:owner", now=at)
        async with database.tx(known.id) as db:
            await flow.remove(db, now=at)
        await database.close()

    anyio.run(cut_off)
    first, again = shell.ok("isv", "remove", added["id"]), shell.ok("isv", "remove", added["id"])
    (listed,) = [one for one in shell.json("isv", "list") if one["id"] == added["id"]]

    assert first == f"removed {added['id']}; it serves 2 accounts no more\n"
    assert again == f"removed {added['id']}; it serves 0 accounts no more\n"
    assert (listed["accounts"], datetime.fromisoformat(listed["removed_at"])) == (0, at)
