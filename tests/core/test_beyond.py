"""Beyond the policy: what a reason makes up for, and what it does not."""

from dataclasses import replace

import pytest

from retour.core.beyond import REASON_MOST, firm, free_ways, reason_of
from retour.core.errors import Objection, Refused
from retour.core.policy import LineDecision, compile_policy, decide, template
from retour.core.policy.outcome import MethodKind, MethodOffer, Methods
from retour.core.ways import Way
from tests.core.policy.builders import bare_facts


def offering(*offers: MethodOffer) -> LineDecision:
    document = template()
    document = replace(document, defaults=replace(document.defaults, methods=Methods(offers)))
    return decide(compile_policy(document, version="1"), [bare_facts()]).lines[0]


def test_a_reason_is_kept_without_its_margins_and_needs_to_be_one() -> None:
    assert reason_of("  a regular customer \n") == "a regular customer"
    assert reason_of("x" * REASON_MOST) == "x" * REASON_MOST
    for text in ("", "  ", "x" * (REASON_MOST + 1)):
        with pytest.raises(Refused) as no:
            reason_of(text)
        assert (no.value.code, no.value.field) == ("reason_missing", "unlimited")


def test_units_and_money_are_never_set_aside() -> None:
    said = [Objection(code, "", None) for code in ("window_closed", "final_sale", "nothing_left", "currency_mismatch")]

    assert [one.code for one in firm(said)] == ["nothing_left", "currency_mismatch"]


def test_goods_come_back_as_wanted_whether_or_not_it_is_offered() -> None:
    lines = [offering(MethodOffer(MethodKind.LABEL, "berlin")), offering()]

    assert free_ways(lines, "label").lines == (Way("label", "berlin"), Way("label"))
    assert free_ways(lines, "drop_off").lines == (Way("drop_off"), Way("drop_off"))


def test_goods_come_back_as_offered_first_and_otherwise_posted() -> None:
    lines = [offering(MethodOffer(MethodKind.LABEL, "berlin")), offering()]

    assert free_ways(lines, None).lines == (Way("label", "berlin"), Way("own_carrier"))


@pytest.mark.parametrize("wanted", ["drone", "keep_item"])
def test_a_way_that_brings_nothing_back_is_refused(wanted: str) -> None:
    with pytest.raises(Refused) as no:
        free_ways([offering()], wanted)
    assert no.value.code == "method_not_offered"
