"""Integrators on the command line: let in with a key shown once, given another one, removed with their services."""

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
    assert shell.refused("isv", "remove", added["id"]) == "isv_not_found"
    assert shell.refused("isv", "remove", "nobody") == "isv_not_found"
