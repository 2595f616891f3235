"""The ends of every range are allowed, and one beyond is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.policy import decode
from tests.core.policy.test_policy_decoding import a_document, with_then

DELIVERED = {"counted_from": [{"day": "delivered"}]}
QUESTION = {"id": "q", "text": "Why?", "answer": "text"}
COUNTRIES = [f"{a}{b}" for a in "ABCDEFGHIJKL" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]


def an_offer(kind: str, field: str) -> Callable[[int], Any]:
    """Return how an offer with a number somewhere inside is written; `field` is a path such as `bonus.bp`."""

    def write(number: int) -> Any:
        value: Any = number
        for name in reversed(field.split(".")):
            value = {name: value}
        if field.endswith("tax_bp"):
            value["restocking_fee"]["tax"] = "supply"
        return with_then("resolutions", {"offered": [{"kind": kind} | value]})

    return write


RANGES: list[tuple[Callable[[int], Any], int, int]] = [
    (lambda n: with_then("eligibility", {"mode": "window", "window_days": n} | DELIVERED), 0, 3650),
    (lambda n: with_then("eligibility", {"mode": "window", "window_days": 1,
                                         "counted_from": [{"day": "ordered", "plus_days": n}]}), 0, 3650),
    (an_offer("refund_original", "restocking_fee.bp"), 0, 10_000),
    (an_offer("refund_original", "restocking_fee.tax_bp"), 0, 10_000),
    (an_offer("refund_original", "restocking_fee.fixed_minor"), 0, 10**12),
    (an_offer("refund_original", "restocking_fee.at_most_minor"), 0, 10**12),
    (an_offer("store_credit", "bonus.bp"), 0, 10_000),
    (an_offer("store_credit", "bonus.fixed_minor"), 0, 10**12),
    (an_offer("store_credit", "bonus.at_most_minor"), 0, 10**12),
    (an_offer("keep_item", "share_bp"), 0, 10_000),
    (an_offer("exchange", "exchange.free_from_bp"), 0, 10_000),
    (an_offer("exchange", "exchange.free_to_bp"), 10_000, 100_000),
    (lambda n: with_then("decision", {"approval": "auto_approve", "after_hours": n}), 0, 8760),
    (lambda n: with_then("settle_on", {"moment": "received", "after_hours": n}), 0, 8760),
    (lambda n: with_then("refund_terms", {"shipping": "none", "deduction_bp": {"opened": n}}), 0, 10_000),
    (lambda n: with_then("requirements", {"photos": n}), 0, 10),
    (lambda n: a_document(promotions=[{"code": "TEN", "minimum_minor": n}]), 1, 10**12),
    (lambda n: a_document(promotions=[{"code": "TEN", "minimum_units": n}]), 1, 100_000),
    (lambda n: a_document(calendar={"weekend": [n]}), 1, 7),
]  # fmt: skip
LENGTHS: list[tuple[Callable[[int], Any], int, int]] = [
    (lambda n: a_document(zones=[{"name": "z", "countries": COUNTRIES[:n]}]), 1, 300),
    (lambda n: a_document(zones=[{"name": f"z{at}", "countries": [COUNTRIES[at]]} for at in range(n)]), 0, 50),
    (lambda n: a_document(calendar={"weekend": list(range(1, n + 1))}), 0, 6),
    (lambda n: a_document(calendar={"holidays": [f"{2000 + at // 12}-{at % 12 + 1:02}-01" for at in range(n)]}), 0, 1000),
    (lambda n: a_document(promotions=[{"code": f"c{at}", "minimum_units": 2} for at in range(n)]), 0, 200),
    (lambda n: with_then("resolutions", {"offered": [{"kind": "exchange", "ref": f"{at}"} for at in range(n)]}), 0, 50),
    (lambda n: with_then("methods", {"offered": [{"kind": "label", "destination": f"{at}"} for at in range(n)]}), 0, 50),
    (lambda n: with_then("requirements", {"questions": [QUESTION | {"id": f"q{at}"} for at in range(n)]}), 0, 20),
    (lambda n: with_then("requirements", {"questions": [
        QUESTION | {"answer": "choice", "choices": [f"{at}" for at in range(n)]}]}), 2, 50),
    (lambda n: with_then("requirements", {"questions": [QUESTION | {"id": "q" * n}]}), 1, 40),
    (lambda n: with_then("requirements", {"questions": [QUESTION | {"text": "q" * n}]}), 1, 500),
    (lambda n: with_then("eligibility", {"mode": "never", "message": "m" * n}), 1, 500),
    (lambda n: with_then("fees", {"waived": True, "waiver": "w" * n}), 1, 200),
]  # fmt: skip


@pytest.mark.parametrize(("write", "least", "most"), RANGES + LENGTHS)
def test_the_ends_of_a_range_are_allowed_and_one_beyond_is_refused(
    write: Callable[[int], Any], least: int, most: int
) -> None:
    decode(write(least))
    decode(write(most))
    for beyond in (least - 1, most + 1) if least else (most + 1,):
        with pytest.raises(Refused) as no:
            decode(write(beyond))
        assert no.value.code in {"out_of_range", "malformed_text"}


@pytest.mark.parametrize(("write", "least", "most"), [one for one in RANGES if one[1] == 0])
def test_nothing_is_less_than_nothing(write: Callable[[int], Any], least: int, most: int) -> None:
    assert most > least
    with pytest.raises(Refused) as no:
        decode(write(-1))
    assert no.value.code == "out_of_range"


def test_no_amount_needs_no_currency() -> None:
    document = an_offer("store_credit", "bonus.fixed_minor")(0)
    del document["currency"]

    assert decode(document).currency is None
    document["rules"][0]["then"]["resolutions"]["offered"][0]["bonus"] = {"fixed_minor": 1}
    with pytest.raises(Refused, match="needs the currency"):
        decode(document)
