"""Returns of a file on the command line: told first, done only when asked."""

from tests.ops.cli.conftest import Shell

FILE = "id,created_at,order_number,sku,quantity\nA,2026-02-28,#1001,COAT,1\nB,never,#1001,COAT,1\n"
WHERE = ("--account", "Filed")


def test_a_file_is_looked_at_and_then_done_and_then_known(shell: Shell) -> None:
    shell.ok("account", "create", "Filed")
    shell.ok("store", "create", "Fjell & Hus", "--currency", "EUR", *WHERE)

    seen = shell("intake", "csv", "-", *WHERE, stdin=FILE).stdout
    first = shell("intake", "csv", "-", "--apply", *WHERE, "--json", stdin=FILE)
    again = shell.json("intake", "csv", "-", "--apply", *WHERE, stdin=FILE)

    assert "nothing is written: add --apply" in seen
    assert "order_not_found" in seen
    assert first.exit_code == 0, first.output
    assert [row["outcome"] for row in again] == ["unchanged", "refused"]
    assert "line 3.created_at" in again[1]["why"]
    assert shell.refused("intake", "csv", "/nowhere", *WHERE) == "file_invalid"
    assert shell.refused("intake", "csv", "-", *WHERE, stdin="colour\n") == "file_invalid"
