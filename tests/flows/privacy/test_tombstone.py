"""Who was erased stays known outside the database, even where a line was cut off."""

import os
from pathlib import Path
from uuid import UUID

import pytest

from retour.store.ids import new_id
from retour.store.privacy.tombstone import Tombstones


def three() -> tuple[UUID, UUID, UUID]:
    return new_id(), new_id(), new_id()


def test_who_was_erased_is_known_by_account_with_the_request_and_once(tmp_path: Path) -> None:
    stones, (tenant, person, request), (elsewhere, other, theirs) = Tombstones(tmp_path / "erased"), three(), three()
    assert stones.of(tenant) == set()

    for _ in range(2):
        stones.write(tenant, person, request)
    stones.write(tenant, person, theirs)
    stones.write(elsewhere, other, theirs)

    assert stones.of(tenant) == {(person, request), (person, theirs)}
    assert stones.of(elsewhere) == {(other, theirs)}
    assert len(stones.path.read_text().splitlines()) == 3
    assert stones.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [1, 20, 80])
def test_a_line_that_was_cut_off_takes_no_other_with_it(tmp_path: Path, cut: int) -> None:
    stones, tenant = Tombstones(tmp_path / "erased"), new_id()
    (_, first, one), (_, second, two), (_, third, three_) = three(), three(), three()
    stones.write(tenant, first, one)
    stones.write(tenant, second, two)
    whole = stones.path.read_bytes()
    stones.path.write_bytes(whole[:-cut])

    stones.write(tenant, third, three_)

    left = {(second, two)} if cut == 1 else set()
    assert stones.of(tenant) == {(first, one), (third, three_)} | left


def test_a_line_that_is_not_written_whole_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stones, (tenant, person, request), write = Tombstones(tmp_path / "erased"), three(), os.write
    monkeypatch.setattr(os, "write", lambda handle, line: write(handle, line[:50]))  # a disk that is full

    with pytest.raises(OSError, match="cut off"):
        stones.write(tenant, person, request)
    assert stones.of(tenant) == set()
    monkeypatch.undo()
    stones.write(tenant, person, request)

    assert stones.of(tenant) == {(person, request)}
