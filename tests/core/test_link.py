"""A signed link: good for its order and its time, and for nothing else."""

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.link import Link, is_fresh, is_good, make_link, parts, read

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SECRET = b"secret"


def test_a_link_can_be_made_with_any_hmac() -> None:
    until = int((NOW + timedelta(days=1)).timestamp())
    sign = hmac.new(SECRET, f"#1001\n{until}".encode(), hashlib.sha256).hexdigest()

    link = read(order="#1001", until=str(until), sign=sign)

    assert link is not None
    assert is_good(link, SECRET, now=NOW)


def test_what_is_made_can_be_read() -> None:
    link = make_link(SECRET, order="#1001", now=NOW, days=30)

    assert read(**parts(link)) == link
    assert is_good(link, SECRET, now=NOW + timedelta(days=30))


def test_a_link_is_good_for_its_order_its_time_and_its_secret_alone() -> None:
    link = make_link(SECRET, order="#1001", now=NOW, days=30)

    assert not is_good(replace(link, order="#1002"), SECRET, now=NOW)
    assert not is_good(replace(link, until=link.until + timedelta(seconds=1)), SECRET, now=NOW)
    assert not is_good(replace(link, sign=link.sign.upper()), SECRET, now=NOW)
    assert not is_good(replace(link, sign="\ud800"), SECRET, now=NOW)
    assert not is_good(link, b"another", now=NOW)
    assert not is_good(link, SECRET, now=NOW + timedelta(days=30, seconds=1))


def test_a_merchants_link_for_ever_is_not_good() -> None:
    link = replace(make_link(SECRET, order="#1001", now=NOW, days=400), until=NOW + timedelta(days=401))

    assert not is_good(link, SECRET, now=NOW)


@pytest.mark.parametrize("days", [0, -1, 401])
def test_a_link_without_a_sensible_life_is_refused(days: int) -> None:
    with pytest.raises(Refused) as refused:
        make_link(SECRET, order="#1001", now=NOW, days=days)

    assert refused.value.code == "invalid_duration"


@pytest.mark.parametrize(
    ("order", "until"),
    [("", "1"), ("#1", ""), ("#1", "-1"), ("#1", "1e9"), ("#1", "9" * 12), ("#1", "１"), ("x" * 201, "1")],
)
def test_what_is_no_link_is_not_read(order: str, until: str) -> None:
    assert read(order=order, until=until, sign="") is None


def test_the_farthest_second_a_query_can_spell_is_read() -> None:
    assert read(order="#1", until="99999999999", sign="x") == Link("#1", datetime.fromtimestamp(99999999999, UTC), "x")


def test_a_gift_link_is_good_as_a_gift_alone_and_a_plain_one_is_none() -> None:
    gift, plain = (make_link(SECRET, order="#1001", now=NOW, days=30, gift=said) for said in (True, False))

    assert read(**parts(gift), gift=True) == gift
    assert is_good(gift, SECRET, now=NOW)
    assert not is_good(replace(gift, gift=False), SECRET, now=NOW)
    assert not is_good(replace(plain, gift=True), SECRET, now=NOW)


def test_a_gift_link_does_not_become_a_plain_one_of_an_order_with_two_lines() -> None:
    gift = make_link(SECRET, order="#1001", now=NOW, days=30, gift=True)

    said = parts(gift)

    assert read(order="gift\n#1001", until=said["until"], sign=said["sign"]) is None


def test_the_link_of_a_receiver_is_good_for_that_person_alone() -> None:
    mila, noa = UUID(int=1), UUID(int=2)
    link = make_link(SECRET, order="#1001", now=NOW, days=60, gift=True, receiver=mila)

    assert read(**parts(link), gift=True) == link
    assert is_good(link, SECRET, now=NOW)
    assert not is_good(replace(link, receiver=noa), SECRET, now=NOW)
    assert not is_good(replace(link, receiver=None), SECRET, now=NOW)
    assert not is_good(replace(link, receiver=None, gift=False), SECRET, now=NOW)
    assert read(order="#1001", until="1", sign="x", gift=True, receiver="mila") is None


def test_a_link_of_400_days_is_fresh_for_60() -> None:
    link = make_link(SECRET, order="#1001", now=NOW, days=400, gift=True, receiver=UUID(int=1))

    assert is_fresh(link, now=NOW + timedelta(days=60))
    assert not is_fresh(link, now=NOW + timedelta(days=60, seconds=1))
