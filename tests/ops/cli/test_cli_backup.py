"""Backup, restore and quarantine as an operator types them."""

from pathlib import Path

from tests.ops.cli.conftest import Shell


def test_a_backup_comes_back_in_quarantine_until_somebody_resumes(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "retour.backup"
    shell.ok("account", "create", "Before")
    shell.ok("backup", str(file))
    shell.ok("account", "create", "After")

    assert shell.refused("restore", str(file)) == "backup_failed"
    assert [a["name"] for a in shell.json("account", "list")] == ["Before", "After"]

    shell.ok("restore", str(file), "--replace")
    assert [a["name"] for a in shell.json("account", "list")] == ["Before"]
    quarantined = shell("doctor")
    assert quarantined.exit_code == 1
    assert "quarantined: restored from a backup" in quarantined.stdout

    shell.ok("resume", "--yes")
    assert shell("doctor").exit_code == 0


def test_a_backup_that_is_not_there_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    before = shell.json("account", "list")

    assert shell.refused("restore", str(tmp_path / "none"), "--replace") == "backup_failed"
    assert shell.json("account", "list") == before


def test_resuming_is_asked_about(shell: Shell) -> None:
    answer = shell("resume", stdin="n\n")

    assert answer.exit_code == 1
    assert "Aborted" in answer.output
