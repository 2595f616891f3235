"""The authorisation behind an instant exchange: never lapses silently, and is captured for what did not come back."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retour.core import hold as h
from retour.core.errors import Refused
from retour.core.exchange import Given, Wanted, Worth, exchange
from retour.core.hold import Act, Decided, End, Goods, Hold
from retour.core.policy.outcome import ExchangeItems, ExchangeTerms
from retour.core.rma import Decision, SettlementState
from retour.core.rma.exchange import ExchangeState, ExchangeView
from retour.core.rma.hold import AWAITING, ENDED, MOVES, HoldState, Owes
from tests.core import builders as orders
from tests.core.builders import both
from tests.core.rma import builders as b

S = HoldState
NOW = b.NOW
DAY = timedelta(days=1)


def a_hold(state: HoldState = S.AUTHORISED, **different: object) -> Hold:
    settled: dict[str, object] = {
        "amount_minor": 1_999, "intent_ref": "pi_1", "authorised_at": NOW, "lapses_at": NOW + 7 * DAY,
        "send_by": NOW + 14 * DAY, "arrive_by": NOW + 28 * DAY,
    } | different  # fmt: skip
    if state is S.DUNNING and "dunning_since" not in different:
        settled["dunning_since"] = NOW
    bare = Hold(b.uid(70), b.RETURN, b.uid(71), state, "EUR", (b.a_line(1).id,), (("l1", 1, 1),), 14, 14, NOW)
    return replace(bare, **settled)  # type: ignore[arg-type]


OUT = Goods(worth=1_999, missing=1_999, given_at=NOW)
BACK = Goods(worth=1_999, given_at=NOW)


class TestWhatIsHeld:
    @pytest.mark.parametrize(("price", "amount"), [(1_999, 1_999), (7_140, 1_999), (1_200, 1_999)])
    def test_what_the_shopper_was_given_if_nothing_comes_back_whatever_the_new_article_costs(
        self, price: int, amount: int
    ) -> None:
        handed = Given("L1", 1, Worth(both(1_999)), both(1_999))
        done = exchange(
            [handed], [Wanted("v/1", 1, Worth(both(price)))], replace(ExchangeTerms(), items=ExchangeItems.ANY_PRODUCT)
        )

        assert h.amount_of(done) == amount

    def test_nothing_is_held_for_an_article_that_is_paid_for_in_full(self) -> None:
        handed = Given("L1", 1, Worth(both(1_999)), both(1_999))
        done = exchange(
            [handed], [Wanted("v/1", 1, Worth(both(1_999)))], replace(ExchangeTerms(), items=ExchangeItems.ANY_PRODUCT)
        )

        with pytest.raises(Refused) as no:
            h.amount_of(replace(done, collect=both(1_999)))

        assert no.value.code == "nothing_to_hold"


class TestWhatIsOwed:
    @pytest.mark.parametrize(
        ("goods", "days", "owed"),
        [
            (OUT, 13, None),
            (OUT, 14, 1_999),
            (replace(OUT, on_its_way=True), 14, None),
            (replace(OUT, on_its_way=True), 28, 1_999),
            (BACK, 0, 0),
            (replace(BACK, unjudged=True), 60, None),
            (replace(BACK, lost=600), 1, 600),
            (replace(BACK, lost=999, missing=1_000), 14, 1_999),
            (replace(OUT, end=End.UNDONE), 0, 0),
            (replace(OUT, end=End.OUT), 0, 1_999),
            (replace(OUT, end=End.UNDOING), 99, None),
        ],
    )
    def test_it_is_released_for_goods_in_order_and_captured_for_what_is_late_lost_or_damaged(
        self, goods: Goods, days: int, owed: int | None
    ) -> None:
        assert h.owed(a_hold(), goods, NOW + days * DAY) == owed

    def test_no_day_runs_before_the_new_order_was_made(self) -> None:
        hold = a_hold(send_by=None, arrive_by=None)

        assert h.owed(hold, replace(OUT, given_at=None), NOW + 90 * DAY) is None

    @given(st.integers(0, 10**9), st.integers(0, 10**7), st.integers(0, 10**7))
    def test_a_share_is_never_more_than_is_held_and_whole_for_all(self, amount: int, lost: int, worth: int) -> None:
        found = h.share(amount, lost=lost, worth=worth)

        assert 0 <= found <= amount
        assert (found == amount) or lost < worth


class TestWhatIsDoneNext:
    @pytest.mark.parametrize(
        ("hold", "goods", "days", "act"),
        [
            (a_hold(S.ASKED), OUT, 0, Act.OPEN),
            (a_hold(S.OFFERED), OUT, 0, Act.LOOK),
            (a_hold(S.OFFERED), BACK, 0, Act.RELEASE),
            (a_hold(S.OFFERED), replace(OUT, end=End.UNDONE), 0, Act.RELEASE),
            (a_hold(), OUT, 0, Act.WAIT),
            (a_hold(), OUT, 5.5, Act.REAUTHORISE),
            (a_hold(), OUT, 8, Act.REAUTHORISE),
            (a_hold(lapses_at=NOW + 20 * DAY), OUT, 11, Act.REMIND),
            (a_hold(lapses_at=NOW + 20 * DAY, reminded=1), OUT, 11, Act.WAIT),
            (a_hold(lapses_at=NOW + 20 * DAY, reminded=1), OUT, 13, Act.REMIND),
            (a_hold(lapses_at=NOW + 20 * DAY), replace(OUT, on_its_way=True), 13, Act.WAIT),
            (a_hold(lapses_at=NOW + 20 * DAY), replace(BACK, unjudged=True), 13, Act.WAIT),
            (a_hold(lapses_at=NOW + 20 * DAY), replace(OUT, missing=1, unjudged=True), 15, Act.WAIT),
            (a_hold(lapses_at=NOW + 20 * DAY), OUT, 14, Act.CAPTURE),
            (a_hold(), OUT, 14, Act.REAUTHORISE),
            (a_hold(), BACK, 1, Act.RELEASE),
            (a_hold(), BACK, 8, Act.RELEASE),
            (a_hold(send_by=None, arrive_by=None), OUT, 0, Act.START),
            (a_hold(send_by=None, arrive_by=None), replace(OUT, given_at=None), 0, Act.WAIT),
            (a_hold(S.REAUTHORISING), OUT, 99, Act.WAIT),
            (a_hold(S.CAPTURING), OUT, 99, Act.WAIT),
            (a_hold(S.RELEASED), OUT, 99, Act.WAIT),
            (a_hold(S.DUNNING, owes=Owes.CONFIRM), OUT, 0, Act.DUN),
            (a_hold(S.DUNNING, owes=Owes.CONFIRM, dunned=1), OUT, 1, Act.WAIT),
            (a_hold(S.DUNNING, owes=Owes.CONFIRM, dunned=1, page_ref="cs_1"), OUT, 1, Act.LOOK),
            (a_hold(S.DUNNING, owes=Owes.CONFIRM, dunned=1), OUT, 3, Act.DUN),
            (a_hold(S.DUNNING, owes=Owes.CONFIRM, dunned=3), OUT, 10, Act.GIVE_UP),
            (a_hold(S.DUNNING, owes=Owes.CONFIRM, dunned=3), BACK, 8, Act.RELEASE),
            (a_hold(S.DUNNING, owes=Owes.CONFIRM, dunned=3, lapses_at=NOW + 20 * DAY), OUT, 14, Act.CAPTURE),
            (a_hold(S.DUNNING, owes=Owes.CONFIRM, dunned=3), OUT, 14, Act.DEMAND),
            (a_hold(S.DUNNING, owes=Owes.PAY, owed_minor=1_999, intent_ref=None, dunned=3), OUT, 14, Act.GIVE_UP),
            (a_hold(S.FAILED, owes=Owes.CONFIRM), OUT, 10, Act.WAIT),
            (a_hold(S.FAILED, owes=Owes.CONFIRM), BACK, 10, Act.RELEASE),
        ],
    )  # fmt: skip
    def test_each_state_has_its_next_act(self, hold: Hold, goods: Goods, days: float, act: Act) -> None:
        move = h.next_move(hold, goods, NOW + timedelta(days=days))

        assert move.act is act
        assert move.due <= NOW + timedelta(days=days) + h.LONGEST

    def test_the_last_day_is_looked_at_to_the_minute(self) -> None:
        hold = a_hold(lapses_at=NOW + 30 * DAY, reminded=2)

        assert h.next_move(hold, OUT, NOW + 13.5 * DAY).due == NOW + 14 * DAY

    def test_reminders_that_were_missed_count_as_sent_with_the_next(self) -> None:
        assert h.reminders_sent(a_hold(), NOW + 13 * DAY) == 2
        assert h.reminders_sent(a_hold(), NOW + 11 * DAY) == 1

    def test_mails_that_were_missed_count_as_sent_with_the_next(self) -> None:
        assert h.dunned(a_hold(S.DUNNING), NOW + 8 * DAY) == 3


class TestMoves:
    def test_every_move_that_is_not_in_the_table_is_refused_and_nothing_moves(self) -> None:
        for state in S:
            for to in S:
                if to in MOVES[state]:
                    assert a_hold(state).at(to, NOW, due=None).state is to
                else:
                    with pytest.raises(Refused) as no:
                        a_hold(state).at(to, NOW, due=None)
                    assert no.value.code == "move_not_allowed"

    def test_a_hold_is_open_until_it_is_captured_released_or_was_never_confirmed(self) -> None:
        assert {S.CAPTURED, S.RELEASED, S.LAPSED} == ENDED
        assert h.is_open([a_hold(S.FAILED)])
        assert not h.is_open([a_hold(S.RELEASED)])

    def test_a_card_that_refuses_again_is_asked_from_the_beginning(self) -> None:
        first = h.refused(a_hold(S.REAUTHORISING), NOW, owes=Owes.CONFIRM, problem="declined")
        later = h.refused(replace(first, dunned=2), NOW + DAY, owes=Owes.PAY, problem="gone")

        assert (first.state, first.owes, first.problem) == (S.DUNNING, Owes.CONFIRM, "declined")
        assert (later.state, later.owes, later.dunned, later.since) == (S.DUNNING, Owes.PAY, 0, NOW)
        assert later.dunning_since == NOW + DAY

    def test_what_is_confirmed_again_forgets_its_trouble_and_keeps_whose_card_it_is(self) -> None:
        asked = a_hold(S.DUNNING, owes=Owes.CONFIRM, problem="declined", customer_ref="cus_1", method_ref="pm_1")

        found = h.confirmed(asked, NOW, intent_ref="pi_2", customer_ref=None, method_ref="pm_2", lapses_at=None)

        assert (found.state, found.intent_ref, found.customer_ref, found.method_ref) == (
            S.AUTHORISED, "pi_2", "cus_1", "pm_2"
        )  # fmt: skip
        assert (found.lapses_at, found.problem, found.owes) == (NOW + 7 * DAY, None, None)

    def test_the_days_run_from_the_new_order(self) -> None:
        hold = h.started(a_hold(send_by=None), replace(OUT, given_at=NOW + DAY), NOW + 2 * DAY)

        assert (hold.send_by, hold.arrive_by) == (NOW + 15 * DAY, NOW + 29 * DAY)


class TestGoods:
    ORDER = orders.an_order(orders.a_line("l1", gross=2_000, q=2))

    def hold(self, *units: tuple[str, int, int]) -> Hold:
        return replace(a_hold(), units=units or (("l1", 1, 2),), line_ids=(b.a_line(1).id,))

    def made(self, state: ExchangeState = ExchangeState.MADE, **different: object) -> object:
        return b.a_settlement(
            1, SettlementState.SETTLED, units=(("l1", 1, 2),), resolution="exchange",
            exchange=ExchangeView(state, NOW), **different,
        )  # fmt: skip

    def line(self, **different: object) -> object:
        return replace(b.a_line(1, units=2), **({"line_ref": "l1", "resolution": "exchange"} | different))  # type: ignore[arg-type]

    def goods(self, line: object, *settlements: object, undone: bool = False, **different: object) -> Goods:
        ret = b.a_return(line, settlements=tuple(settlements), **different)  # type: ignore[arg-type]
        return h.goods_of(ret, self.ORDER, self.hold(), being_undone=undone)

    def test_nothing_has_come(self) -> None:
        assert self.goods(self.line(received=(), inspections=()), self.made()) == Goods(
            2_000, 0, 2_000, False, False, NOW, End.NOT_YET
        )

    def test_a_unit_that_nobody_has_judged_and_one_that_is_missing(self) -> None:
        found = self.goods(self.line(received=((1, 1),), inspections=()), self.made(), in_transit_at=NOW)

        assert (found.missing, found.unjudged, found.on_its_way) == (1_000, True, True)

    def test_a_damaged_unit_loses_what_is_deducted_and_a_refused_one_all(self) -> None:
        judged = (
            replace(b.an_inspection(1, (1, 1)), line_ref="l1", accepted=True, deduction_basis_points=2_500),
            replace(b.an_inspection(2, (2, 2)), line_ref="l1", accepted=False),
        )
        found = self.goods(self.line(received=((1, 2),), inspections=judged), self.made())

        assert (found.lost, found.missing, found.unjudged) == (1_250, 0, False)

    def test_a_return_that_was_given_up_is_undone_or_out_by_what_became_of_the_new_order(self) -> None:
        gone = self.line(decision=Decision.CANCELLED, claimed=(), received=(), inspections=())
        reversed_ = replace(self.made(), state=SettlementState.REVERSED)  # type: ignore[type-var]

        assert self.goods(gone).end is End.UNDONE
        assert self.goods(gone, reversed_).end is End.UNDONE
        assert self.goods(gone, self.made(), undone=True).end is End.UNDOING
        assert self.goods(gone, self.made()).end is End.OUT
        assert self.goods(gone, self.made(ExchangeState.DRAFTING)).end is End.UNDONE

    @pytest.mark.parametrize(
        ("state", "given"),
        [(SettlementState.SETTLED, True), (SettlementState.DUE, True), (SettlementState.QUOTED, False)],
    )
    def test_what_is_paid_in_place_of_the_new_article_is_given_as_well(
        self, state: SettlementState, *, given: bool
    ) -> None:
        paid = b.a_settlement(1, state, units=(("l1", 1, 2),))

        assert self.goods(self.line(received=(), inspections=()), paid).given_at == (NOW if given else None)


class TestByHand:
    @pytest.mark.parametrize(
        ("hold", "days", "act"),
        [
            (a_hold(decided=Decided.RELEASE), 1, Act.RELEASE),
            (a_hold(decided=Decided.RELEASE), 9, Act.RELEASE),
            (a_hold(decided=Decided.CAPTURE, decided_minor=500), 1, Act.CAPTURE),
            (a_hold(S.FAILED, owes=Owes.CONFIRM, decided=Decided.CAPTURE, decided_minor=500), 9, Act.DEMAND),
            (a_hold(S.FAILED, owes=Owes.PAY, wants_page=True), 9, Act.OPEN),
            (a_hold(S.FAILED, owes=Owes.PAY, page_ref="cs_1"), 9, Act.LOOK),
        ],
    )
    def test_a_persons_word_and_a_shoppers_wish_are_followed(self, hold: Hold, days: int, act: Act) -> None:
        assert h.next_move(hold, OUT, NOW + days * DAY).act is act

    def test_a_person_captures_at_most_what_is_held_and_decides_once(self) -> None:
        assert h.may_decide(a_hold(), Decided.RELEASE, None) is None
        assert h.may_decide(a_hold(), Decided.CAPTURE, None) == 1_999
        assert h.may_decide(a_hold(), Decided.CAPTURE, 500) == 500
        for minor in (0, 2_000):
            with pytest.raises(Refused) as no:
                h.may_decide(a_hold(), Decided.CAPTURE, minor)
            assert no.value.code == "out_of_range"
        for over in (a_hold(S.CAPTURED), a_hold(decided=Decided.RELEASE), a_hold(effect_id=b.uid(9))):
            with pytest.raises(Refused) as no:
                h.may_decide(over, Decided.CAPTURE, 500)
            assert no.value.code == "move_not_allowed"


class TestSixtyDays:
    @settings(max_examples=b.EXAMPLES * 5, deadline=None)
    @given(
        declines=st.sets(st.integers(0, 12)),
        answers=st.sets(st.integers(0, 60)),
        came=st.one_of(st.none(), st.integers(0, 59)),
        judged_after=st.integers(0, 20),
        away=st.sets(st.integers(0, 60), max_size=12),
        days=st.integers(1, 60),
    )
    def test_a_hold_never_lapses_silently(
        self, declines: set[int], answers: set[int], came: int | None, judged_after: int, away: set[int], days: int
    ) -> None:
        """Sixty days, hour by hour: whenever nothing is held, somebody was told or it is over."""
        hold, told, tries = a_hold(send_by=None, arrive_by=None, days=days), list[tuple[str, object]](), 0
        for hour in range(24 * 60):
            now, day = NOW + timedelta(hours=hour), hour // 24
            if day in away:
                continue
            here = came is not None and day >= came
            goods = replace(BACK if here else OUT, on_its_way=here, unjudged=here and day < (came or 0) + judged_after)
            for _ in range(6):
                if hold.state in ENDED or (hold.due_at is not None and hold.due_at > now and not here):
                    break
                move = h.next_move(hold, goods, now)
                if move.act is Act.WAIT:
                    hold = replace(hold, due_at=move.due)
                    break
                hold, tries = self._done(hold, move, goods, now, declines, answers, day, tries, told)
            if hold.state is S.AUTHORISED:
                assert hold.stands(now), "an authorisation that lapsed was looked at in time"
            elif hold.state not in ENDED:
                assert told, "nothing is held, and the shopper or a person knows it"
        assert hold.state in ENDED or told or hold.stands(NOW + 60 * DAY) or away
        if hold.state is S.CAPTURED:
            assert hold.captured_minor == 1_999
        if hold.state is S.RELEASED:
            assert came is not None

    def _done(
        self, hold: Hold, move: h.Move, goods: Goods, now: object, declines: set[int], answers: set[int], day: int,
        tries: int, told: list[tuple[str, object]],
    ) -> tuple[Hold, int]:  # fmt: skip
        at = NOW + (now - NOW)  # type: ignore[operator]
        match move.act:
            case Act.START:
                return h.started(hold, goods, at), tries
            case Act.REMIND:
                return replace(hold, reminded=h.reminders_sent(hold, at)), tries
            case Act.REAUTHORISE:
                sent, no = hold.at(S.REAUTHORISING, at, due=None), tries in declines
                if no:
                    told.append(("declined", at))
                    return h.refused(sent, at, owes=Owes.CONFIRM, problem="declined"), tries + 1
                return self._again(sent, at), tries + 1
            case Act.DUN:
                told.append(("dunned", at))
                page = {"page_ref": "cs_1"}
                return replace(hold, dunned=h.dunned(hold, at), **page), tries  # type: ignore[arg-type]
            case Act.LOOK if day in answers:
                if hold.owes is Owes.PAY:
                    return replace(hold.at(S.CAPTURED, at, due=None), captured_minor=hold.owed_minor or 0), tries
                return self._again(hold, at), tries
            case Act.CAPTURE:
                assert hold.stands(at)
                done = hold.at(S.CAPTURING, at, due=None).at(S.CAPTURED, at, due=None)
                return replace(done, captured_minor=move.amount_minor), tries
            case Act.DEMAND:
                told.append(("asked to pay", at))
                owing = replace(hold, owed_minor=move.amount_minor)
                again = owing if owing.state is S.DUNNING else owing.at(S.DUNNING, at, due=at)
                return h.refused(again, at, owes=Owes.PAY, problem="lapsed"), tries
            case Act.RELEASE:
                return hold.at(S.RELEASING, at, due=None).at(S.RELEASED, at, due=None), tries
            case Act.GIVE_UP:
                told.append(("a person", at))
                return hold.at(S.FAILED, at, due=at), tries
            case _:
                return replace(hold, due_at=move.due), tries

    def _again(self, hold: Hold, at: object) -> Hold:
        when = NOW + (at - NOW)  # type: ignore[operator]
        return h.confirmed(hold, when, intent_ref=str(uuid.uuid4()), customer_ref=None, method_ref=None, lapses_at=None)


def test_what_awaits_an_effect_is_left_to_its_outcome() -> None:
    assert {S.REAUTHORISING, S.CAPTURING, S.RELEASING} == AWAITING


def test_what_is_asked_for_becomes_less_once_something_came_back_and_never_more() -> None:
    asked = a_hold(S.DUNNING, owes=Owes.PAY, owed_minor=1_999, dunned=1)

    less = h.next_move(asked, replace(BACK, lost=600), NOW + DAY)
    assert (less.act, less.amount_minor) == (Act.DEMAND, 600)
    assert h.next_move(replace(asked, owed_minor=600), replace(BACK, lost=600), NOW + DAY).act is Act.WAIT
    assert h.next_move(replace(asked, owed_minor=500), replace(BACK, lost=600), NOW + DAY).act is Act.WAIT


@pytest.mark.parametrize("state", [S.DUNNING, S.FAILED])
def test_the_days_of_an_article_that_went_out_run_although_the_card_refused(state: HoldState) -> None:
    refused = a_hold(state, send_by=None, arrive_by=None, owes=Owes.CONFIRM, dunning_since=NOW)

    assert h.next_move(refused, OUT, NOW).act is Act.START
    assert h.next_move(refused, replace(OUT, given_at=None), NOW).act is not Act.START
    assert h.started(refused, OUT, NOW).send_by == NOW + 14 * DAY
