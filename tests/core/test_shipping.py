"""Carriers and tracking numbers as they are compared, whoever typed them."""

import pytest

from retour.core.errors import Refused
from retour.core.shipping import carrier_code, carrier_name, return_number, tracking_number, tracking_url


@pytest.mark.parametrize(
    ("typed", "code"), [(" DHL ", "dhl"), ("FedEx", "fedex"), ("Royal  Mail", "royal mail"), ("Ｄ&H", "d&h")]
)
def test_a_carrier_is_known_by_its_short_name(typed: str, code: str) -> None:
    assert carrier_code(typed) == code


@pytest.mark.parametrize("typed", ["", "  ", "-", "<b>", "x" * 61, "a\x00b"])
def test_what_is_no_name_is_no_carrier(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        carrier_code(typed)

    assert (refused.value.code, refused.value.field) == ("invalid_carrier", "carrier")


@pytest.mark.parametrize(
    ("typed", "number"),
    [("1z 999 aa1 01 2345 6784", "1Z999AA10123456784"), (" jjd000123 ", "JJD000123"), ("１２３４", "1234")],
)
def test_a_number_is_compared_in_capitals_and_without_blanks(typed: str, number: str) -> None:
    assert tracking_number(typed) == number


@pytest.mark.parametrize("typed", ["", "not sent yet", "ABC", "12<3", "1" * 61, "-12"])
def test_what_no_carrier_would_print_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        tracking_number(typed)

    assert (refused.value.code, refused.value.field) == ("invalid_tracking_number", "tracking_number")


def test_a_known_carrier_has_its_name_and_its_page() -> None:
    assert (carrier_name("fedex"), carrier_name("sandbox"), carrier_name("royal mail")) == (
        "FedEx",
        "SANDBOX",
        "royal mail",
    )
    assert tracking_url("ups", "1Z/9") == "https://www.ups.com/track?tracknum=1Z%2F9"
    assert tracking_url("royal mail", "1") is None


@pytest.mark.parametrize(("reference", "number"), [(" R-10482 ", 10_482), ("r-1", 1), ("R-0", None), ("10482", None)])
def test_a_label_names_the_return_by_its_number(reference: str, number: int | None) -> None:
    assert return_number(reference) == number
