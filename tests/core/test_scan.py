"""A code means the same however it was printed, scanned or typed."""

from datetime import UTC, datetime, timedelta

import pytest

from retour.core import scan

NOW = datetime(2026, 5, 12, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "text", "number"),
    [
        ("R-10482", "R-10482", 10482),
        (" r10482\r\n", "r10482", 10482),
        ("R 10482", "R 10482", 10482),
        ("10482", "10482", 10482),
        ("https://returns.example/returns/acme/R-10482/?lang=de#x", "R-10482", 10482),
        ("https://returns.example", "https://returns.example", None),
        ("https://returns.example/", "https://returns.example/", None),
        ("]C1JJD000123456789", "JJD000123456789", None),
        ("#4471", "#4471", None),
        ("\u202eR-1\u2066\x00", "R-1", 1),
        ("1" * 16, "1" * 16, None),
    ],
)
def test_a_code_is_read(raw: str, text: str, number: int | None) -> None:
    found = scan.read(raw)

    assert found is not None
    assert (found.text, found.number) == (text, number)


@pytest.mark.parametrize("raw", ["", "  \r\n", "\x1d\x00", "]C1"])
def test_an_empty_code_is_none(raw: str) -> None:
    assert scan.read(raw) is None


def test_a_parcel_is_compared_without_blanks_and_in_capitals() -> None:
    found = scan.read("jjd 000-123")

    assert found is not None
    assert found.parcels == ("jjd 000-123", "JJD 000-123", "JJD000123")


@pytest.mark.parametrize("zip_code", ["10001", "100011234"])
def test_the_route_before_a_parcels_number_is_left_out(zip_code: str) -> None:
    found = scan.read(f"420{zip_code}9405511899560000000000")

    assert found is not None
    assert "9405511899560000000000" in found.parcels


def test_an_order_is_compared_as_the_mirror_keeps_it() -> None:
    found = scan.read("# DE 4471")

    assert found is not None
    assert found.names == ("de4471",)


@pytest.mark.parametrize(("raw", "outright"), [("R-1", True), ("r1", True), ("1", False), ("R-x", False)])
def test_a_return_named_outright_is_told_apart(raw: str, outright: bool) -> None:
    found = scan.read(raw)

    assert found is not None
    assert found.is_return is outright


def test_a_long_code_is_cut_off() -> None:
    found = scan.read("A" * 1_000_000)

    assert found is not None
    assert found.text == "A" * 200


@pytest.mark.parametrize(("seconds", "same"), [(-1.9, True), (0, True), (1.99, True), (2, False), (-2, False)])
def test_within_two_seconds_the_same_code_is_one_scan(seconds: float, same: bool) -> None:
    assert scan.is_repeat(NOW, NOW + timedelta(seconds=seconds)) is same


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (None, NOW),
        (NOW - timedelta(hours=5), NOW - timedelta(hours=5)),
        (NOW + timedelta(seconds=1), NOW),
        (NOW - timedelta(days=4), NOW),
        (datetime(2026, 5, 12, 9), NOW),  # noqa: DTZ001 - a device that forgets its zone
    ],
)
def test_a_device_is_believed_within_reason(said: datetime | None, kept: datetime) -> None:
    assert scan.made_at(said, now=NOW) == kept


@pytest.mark.parametrize(
    ("code", "fits"),
    [
        ("R-1042", True),
        ("r 1042", False),  # a bare number may be an order's
        ("R-1043", False),
        ("1042", False),
        ("1z 999-aa1", True),
        ("1Z999AA2", False),
        ("", False),
    ],
)
def test_the_code_of_a_parcel_names_its_return_or_is_one_of_its_tracking_numbers(code: str, fits: bool) -> None:
    assert scan.is_parcel_of(code, number=1042, tracking_numbers={"1Z999AA1"}) is fits
