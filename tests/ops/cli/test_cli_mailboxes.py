"""Mailboxes on the command line: the password comes from stdin and is told nowhere."""

from tests.ops.cli.conftest import Shell

WHERE = ("--account", "Posted")
BOX = ("mailbox", "add", "Returns", "imap.acme.example", "returns@acme.example", "--stdin", *WHERE)


def test_a_mailbox_is_added_listed_resealed_and_removed(shell: Shell) -> None:
    shell.ok("account", "create", "Posted")
    shell.ok("store", "create", "Fjell & Hus", "--currency", "EUR", *WHERE)

    made = shell.json(*BOX, stdin="s3cret\n")
    listed = shell("mailbox", "list", *WHERE, "--json")
    twice = shell.refused(*BOX, stdin="s3cret\n")
    empty = shell.refused(*BOX[:2], "Other", *BOX[3:], "--folder", "B", stdin="\n")
    shell.ok("mailbox", "password", made["id"], "--stdin", *WHERE, stdin="0ther\n")
    shell.ok("mailbox", "remove", made["id"], *WHERE)

    assert made["address"] == "imaps://imap.acme.example:993"
    assert "s3cret" not in listed.stdout
    assert '"folder": "INBOX"' in listed.stdout
    assert (twice, empty) == ("already_exists", "invalid_mailbox_password")
    assert shell.json("mailbox", "list", *WHERE) == []
    assert shell.refused("mailbox", "remove", made["id"], *WHERE) == "mailbox_not_found"
