"""A statutory withdrawal: its days, what is kept of the statement, and when a person has to look."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from retour.core.errors import Refused
from retour.core.order import Order
from retour.core.policy.document import WorkCalendar
from retour.core.policy.window import WorkingDays
from retour.core.withdrawal import (
    MOVES,
    Candidate,
    Period,
    Statement,
    Why,
    WithdrawalState,
    digest,
    is_late,
    matched,
    move,
    period,
    ranked,
    repay_by,
    sound,
)
from tests.core.policy.builders import a_line, a_parcel, an_order

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SAID = Statement("Ada Lovelace", "#1001", "ada@example.com")
A, B, C = (UUID(int=n) for n in (1, 2, 3))


def delivered(*days: datetime | None) -> Order:
    """Return an order of one line whose units came in as many parcels, on those days."""
    parcels = tuple(replace(a_parcel("L1", quantity=1), ref=f"F{n}", delivered_at=day) for n, day in enumerate(days))
    return an_order(a_line("L1", quantity=len(days)), fulfilments=parcels)


def test_the_period_is_counted_from_the_last_delivery_in_the_days_of_the_merchant() -> None:
    # 22:30 UTC is the next day in Berlin; its 14th day after is a Saturday, so it ends on the Monday.
    order = delivered(datetime(2026, 4, 20, 9, 0, tzinfo=UTC), datetime(2026, 5, 1, 22, 30, tzinfo=UTC))

    found = period(order, BERLIN)

    assert found == Period(date(2026, 5, 2), date(2026, 5, 18))
    assert not is_late(found, date(2026, 5, 18))
    assert is_late(found, date(2026, 5, 19))


def test_a_period_that_ends_on_a_working_day_has_fourteen_days_across_the_change_of_clocks() -> None:
    order = delivered(datetime(2026, 3, 25, 12, 0, tzinfo=UTC))

    assert period(order, BERLIN) == Period(date(2026, 3, 25), date(2026, 4, 8))


def test_a_holiday_of_the_merchants_calendar_moves_the_last_day() -> None:
    working = WorkingDays(WorkCalendar(holidays=(date(2026, 4, 8),)))

    assert period(delivered(datetime(2026, 3, 25, 12, 0, tzinfo=UTC)), BERLIN, working) == Period(
        date(2026, 3, 25), date(2026, 4, 9)
    )


def test_the_period_has_not_begun_while_a_parcel_is_on_its_way_or_a_unit_was_not_sent() -> None:
    sent = datetime(2026, 3, 25, 12, 0, tzinfo=UTC)
    whole = delivered(sent, sent)

    assert period(delivered(sent, None), BERLIN) is None
    assert period(replace(whole, fulfilments=whole.fulfilments[:1]), BERLIN) is None
    assert not is_late(None, date(2030, 1, 1))


def test_what_is_never_shipped_begins_the_period_with_the_order_and_a_cancelled_line_delays_nothing() -> None:
    download = replace(a_line("L2"), requires_shipping=False)
    only = replace(an_order(download, fulfilments=()), placed_at=datetime(2026, 5, 1, 22, 30, tzinfo=UTC))
    gone = delivered(datetime(2026, 3, 25, 12, 0, tzinfo=UTC))
    gone = replace(gone, lines=(*gone.lines, replace(a_line("L3", quantity=2), cancelled=2), download))

    assert period(only, BERLIN) == Period(date(2026, 5, 2), date(2026, 5, 18))
    assert period(gone, BERLIN) == Period(date(2026, 3, 25), date(2026, 4, 8))


def test_the_money_goes_back_within_fourteen_days_of_the_statement() -> None:
    assert repay_by(date(2026, 5, 4)) == date(2026, 5, 18)


def test_what_is_kept_of_a_statement_has_no_hidden_characters_and_one_line_per_name() -> None:
    kept = sound(Statement(" Ada\u202e \n Lovelace ", "\u2066#1001 ", " ada@example.com ", " the socks\u0000\n\nboth "))

    assert kept == Statement("Ada Lovelace", "#1001", "ada@example.com", "the socks\n\nboth")


def test_each_thing_that_is_missing_is_named_at_its_field() -> None:
    with pytest.raises(Refused) as none:
        sound(Statement("", " ", "nowhere"))
    with pytest.raises(Refused) as long:
        sound(Statement("n" * 201, "1" * 101, "ada@example.com", "g" * 2_001))

    assert [(o.code, o.field) for o in none.value.objections] == [
        ("name_required", "name"), ("number_required", "number"), ("invalid_email", "contact"),
    ]  # fmt: skip
    assert [(o.code, o.field) for o in long.value.objections] == [
        ("too_long", "name"), ("too_long", "number"), ("too_long", "goods"),
    ]  # fmt: skip
    assert sound(Statement("n" * 200, "1" * 100, "ada@example.com", "g" * 2_000)).goods == "g" * 2_000


def test_the_digest_is_of_everything_stated_and_of_the_instant() -> None:
    first = digest(SAID, AT)

    assert first == "cdfa0fbf235e51a28faf1b3b4542cd72a3072139dc1c243be01a5c54bbac8c7d"
    assert first == digest(SAID, AT.astimezone(BERLIN))
    assert len({first, digest(SAID, AT + timedelta(seconds=1)), *(
        digest(replace(SAID, **{field: "x"}), AT) for field in ("name", "number", "contact", "goods")
    )}) == 6  # fmt: skip


def test_one_order_named_by_number_and_contact_is_the_order() -> None:
    right = Candidate(A, "#1001", AT, by_number=True, by_contact=True)
    other = Candidate(B, "#1001", AT, by_number=True, by_name=True)

    assert matched([other, right]) is right
    assert matched([other, right, replace(right, order_id=C)]) is Why.SEVERAL_ORDERS
    assert matched([other]) is Why.ANOTHER_CONTACT
    assert matched([replace(right, by_number=False)]) is Why.NO_ORDER
    assert matched([]) is Why.NO_ORDER


def test_candidates_are_ranked_by_what_fits_then_by_age() -> None:
    number = Candidate(A, "#1001", AT, by_number=True)
    newer = Candidate(B, "#1002", AT, by_contact=True, by_name=True)
    older = Candidate(C, "#0900", AT - timedelta(days=9), by_contact=True, by_name=True)

    assert ranked([older, newer, number]) == (number, newer, older)
    assert [one.score for one in (number, newer)] == [4, 3]


@pytest.mark.parametrize("current", WithdrawalState)
@pytest.mark.parametrize("to", WithdrawalState)
def test_a_withdrawal_makes_the_moves_of_its_table_and_no_other(current: WithdrawalState, to: WithdrawalState) -> None:
    if to in MOVES[current]:
        assert move(current, to) is to
        return
    with pytest.raises(Refused) as refused:
        move(current, to)
    assert refused.value.code == "move_not_allowed"
