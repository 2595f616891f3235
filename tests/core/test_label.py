"""Which parcels need a label, what is printed on one, and why one cannot be made."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from retour.core.label import (
    LabelContent,
    LabelItem,
    LabelProblem,
    Parcel,
    content,
    is_mailed,
    is_waived,
    lacks_sender,
    outdated,
    parcels,
    standing,
    unlabelled,
)
from retour.core.postal import PostalAddress
from retour.core.rma import Decision, Return
from retour.core.rma.label import LabelState, LabelView
from tests.core.rma import builders as b

FROM = PostalAddress("Ann", ("Lindenweg 4",), "Berlin", "DE", "10969")
TO = PostalAddress("Returns", ("Dock 7",), "Hamburg", "DE", "20457")


def line(n: int = 1, method: str | None = "label", destination: str | None = None, **more: Any) -> Any:
    return replace(b.a_line(n, **more), method=method, destination=destination)


def label(*lines: UUID, n: int = 1, method: str = "label", to: str | None = None, state: str = "made") -> LabelView:
    return LabelView(b.uid(900 + n), n, method, lines, LabelState(state), b.NOW, to)


def test_lines_that_go_the_same_way_share_a_parcel() -> None:
    first, second, third = line(1), line(2, destination="mugs"), line(3)

    assert parcels(b.a_return(first, second, third)) == (
        Parcel("label", None, (first.id, third.id)), Parcel("label", "mugs", (second.id,)),
    )  # fmt: skip


@pytest.mark.parametrize(
    "different",
    [{"method": "own_carrier"}, {"method": None}, {"decision": Decision.REQUESTED}, {"resolution": "keep_item"}],
)
def test_what_nobody_sends_by_label_needs_none(different: dict[str, Any]) -> None:
    assert parcels(b.a_return(line(**different))) == ()


def test_what_is_here_needs_no_label() -> None:
    here = line()

    assert parcels(b.a_return(replace(here, received=here.claimed))) == ()


def test_only_what_has_no_label_for_its_way_lacks_one() -> None:
    first, second = line(1), line(2)
    ret = replace(b.a_return(first, second), labels=(label(first.id, state="failed"),))

    assert unlabelled(ret) == (Parcel("label", None, (second.id,)),)
    assert unlabelled(replace(ret, labels=(label(first.id, second.id),))) == ()
    assert unlabelled(replace(ret, labels=(label(first.id, second.id, to="mugs"),))) == parcels(ret)


@pytest.mark.parametrize("sent", [{"in_transit_at": b.NOW}, {"received_at": b.NOW}])
def test_what_is_on_its_way_needs_no_label_any_more(sent: dict[str, Any]) -> None:
    assert unlabelled(replace(b.a_return(line()), **sent)) == ()


def test_a_label_stands_while_a_line_goes_under_it() -> None:
    first, second = line(1), line(2, decision=Decision.CANCELLED)
    kept, gone = label(first.id), label(second.id, n=2)
    ret = replace(b.a_return(first, second), labels=(kept, gone))

    assert standing(ret) == (kept,)
    assert standing(replace(ret, lines=(replace(first, destination="mugs"), second))) == ()


def printed(ret: Return, of: LabelView, **different: Any) -> LabelContent | LabelProblem:
    given: dict[str, Any] = {"sender": FROM, "to": TO, "instructions": {"de": "Zur Post.", "en": ""}} | different
    return content(ret, b.an_order(), of, **given)


def test_a_label_says_what_is_in_its_parcel() -> None:
    first, second = line(1), line(2, destination="mugs")
    one, two = label(first.id), label(second.id, n=2, to="mugs")
    order = b.an_order()
    sold = order.line(second.line_ref)
    assert sold is not None

    made = printed(replace(b.a_return(first, second), labels=(one, two)), two)

    assert isinstance(made, LabelContent)
    assert (made.code, made.parcel, made.parcels, made.shown, made.inches) == ("R-10001", 2, 2, False, False)
    assert made.items == (LabelItem(sold.title, sold.sku or "", second.quantity),)
    assert (made.said("de"), made.said("ar")) == ("Zur Post.", "Zur Post.")
    assert made.instructions == {"de": "Zur Post."}


def test_a_code_is_shown_where_the_parcel_is_dropped_off_and_a_line_unknown_to_the_order_keeps_its_ref() -> None:
    odd = replace(line(method="drop_off"), line_ref="gone")
    of = label(odd.id, method="drop_off")

    made = printed(replace(b.a_return(odd), labels=(of,)), of, sender=replace(FROM, country="US"), instructions={})

    assert isinstance(made, LabelContent)
    assert (made.shown, made.inches, made.said("en")) == (True, True, "")
    assert made.items == (LabelItem("gone", "", odd.quantity),)


@pytest.mark.parametrize(
    ("different", "problem"),
    [
        ({"to": None}, LabelProblem.RETURN_ADDRESS_MISSING),
        ({"sender": None}, LabelProblem.SENDER_MISSING),
        ({"sender": replace(FROM, town="")}, LabelProblem.SENDER_UNUSABLE),
        ({"sender": replace(FROM, street=("",))}, LabelProblem.SENDER_UNUSABLE),
        ({"sender": replace(FROM, country="")}, LabelProblem.SENDER_UNUSABLE),
    ],
)
def test_a_label_without_an_address_says_which(different: dict[str, Any], problem: LabelProblem) -> None:
    only = line()
    of = label(only.id)

    assert printed(replace(b.a_return(only), labels=(of,)), of, **different) is problem


def test_a_return_goes_without_labels_once_all_of_them_were_given_up() -> None:
    first, second = line(1), line(2, destination="mugs")
    ret = b.a_return(first, second)
    one, two = label(first.id, state="waived"), label(second.id, n=2, to="mugs")

    assert is_waived(ret) is False
    assert is_waived(replace(ret, labels=(one, two))) is False
    assert is_waived(replace(ret, labels=(one, replace(two, state=LabelState.WAIVED)))) is True


def test_another_sender_outdates_what_is_printed_and_what_failed_but_not_what_is_waived_or_gone() -> None:
    first, second, third, fourth, gone = (line(n) for n in (1, 2, 3, 4, 5))
    made, failed = label(first.id), label(second.id, n=2, state="failed")
    due, waived = label(third.id, n=3, state="due"), label(fourth.id, n=4, state="waived")
    elsewhere = label(gone.id, n=5, to="mugs")
    ret = b.a_return(first, second, third, fourth, gone, labels=(made, failed, due, waived, elsewhere))

    assert outdated(ret) == (made, failed)


@pytest.mark.parametrize(
    ("states", "mailed"),
    [
        (["made"], True), (["made", "waived"], True), (["made", "failed"], False), (["made", "due"], False),
        (["waived"], False), ([], False),
    ],
)  # fmt: skip
def test_the_shopper_has_a_label_once_none_is_lacking(states: list[str], mailed: bool) -> None:
    lines = [line(n + 1) for n in range(len(states))] or [line(1)]
    labels = tuple(label(lines[n].id, n=n + 1, state=state) for n, state in enumerate(states))

    assert is_mailed(b.a_return(*lines, labels=labels)) is mailed


@pytest.mark.parametrize(
    ("state", "problem", "lacks"),
    [
        ("failed", "sender_missing", True), ("failed", "sender_unusable", True),
        ("failed", "return_address_missing", False), ("waived", None, False),
    ],
)  # fmt: skip
def test_a_label_may_lack_only_where_the_shopper_is(state: str, problem: str | None, lacks: bool) -> None:
    one = line()
    ret = b.a_return(one, labels=(replace(label(one.id, state=state), problem=problem),))

    assert lacks_sender(ret) is lacks
