"""Signs of abuse: explained points, nothing more; worse figures never score less, and lists say what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.fraud import (
    KeyKind,
    Score,
    Seen,
    Sign,
    Thresholds,
    fold_key,
    identity_keys,
    score,
    wants_review,
)
from retour.core.order import Person, Risk

COUNT = st.integers(0, 12)
SEEN = st.builds(Seen, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT, st.booleans(), st.booleans())
LIMITS = st.builds(
    Thresholds, *[st.integers(1, 10)], st.integers(0, 10_000), *[st.integers(1, 10)] * 4,
    st.one_of(st.none(), st.integers(1, 100)),
)  # fmt: skip


@given(SEEN, LIMITS)
def test_a_score_is_the_sum_of_its_signs_at_most_a_hundred(seen: Seen, limits: Thresholds) -> None:
    scored = score(seen, limits)

    whole = sum(signal.points for signal in scored.signals)
    assert scored.total == (0 if seen.allowed else min(whole, 100))
    assert 0 <= scored.customer <= scored.total <= 100
    assert len({signal.sign for signal in scored.signals}) == len(scored.signals)
    for signal in scored.signals:
        assert all(signal.facts[name] >= most for name, most in signal.threshold.items())


@given(SEEN, LIMITS, st.sampled_from(["worn", "swapped", "without_goods", "others", "returns", "units_returned"]))
def test_worse_figures_never_score_less(seen: Seen, limits: Thresholds, name: str) -> None:
    worse = Seen(**{**{field: getattr(seen, field) for field in Seen.__slots__}, name: getattr(seen, name) + 3})

    assert score(worse, limits).total >= score(seen, limits).total


@given(SEEN, LIMITS)
def test_who_is_on_the_allow_list_is_never_sent_to_a_person(seen: Seen, limits: Thresholds) -> None:
    scored = score(seen, limits)

    if seen.allowed:
        assert (scored.total, scored.flags, scored.level) == (0, (), Risk.NONE)
        assert not wants_review(scored, limits)
    elif seen.blocked:
        assert wants_review(scored, limits)
        assert "on_block_list" in scored.flags


@pytest.mark.parametrize(
    ("seen", "signs", "total", "level"),
    [
        (Seen(), (), 0, Risk.NONE),
        (Seen(returns=5, units_bought=10, units_returned=6), (Sign.SERIAL_RETURNER,), 30, Risk.MEDIUM),
        (Seen(returns=5, units_bought=4, units_returned=4), (), 0, Risk.NONE),
        (Seen(returns=4, units_bought=10, units_returned=10), (), 0, Risk.NONE),
        (Seen(worn=2), (Sign.WARDROBING,), 30, Risk.MEDIUM),
        (Seen(others=2), (Sign.SHARED_IDENTITY,), 20, Risk.LOW),
        (Seen(swapped=1, without_goods=1), (Sign.SWAPPED_PARCEL, Sign.PAID_WITHOUT_GOODS), 80, Risk.HIGH),
        (Seen(blocked=True), (Sign.ON_BLOCK_LIST,), 100, Risk.HIGH),
    ],
)
def test_what_was_seen_gives_exactly_these_signs(seen: Seen, signs: tuple[Sign, ...], total: int, level: Risk) -> None:
    scored = score(seen, Thresholds())

    assert (tuple(signal.sign for signal in scored.signals), scored.total, scored.level) == (signs, total, level)


def test_a_list_says_nothing_about_the_customer() -> None:
    scored = score(Seen(worn=2, blocked=True), Thresholds())

    assert (scored.total, scored.customer) == (100, 30)


@pytest.mark.parametrize(("at", "total", "wanted"), [(None, 100, False), (50, 50, True), (50, 49, False)])
def test_a_score_sends_to_a_person_from_the_store_s_own_limit_on(at: int | None, total: int, wanted: bool) -> None:
    assert wants_review(Score(total, total), Thresholds(review_from=at)) is wanted


@pytest.mark.parametrize(
    ("kind", "text", "folded"),
    [
        (KeyKind.EMAIL, " Ann.Lee+shoes@GoogleMail.com ", "annlee@gmail.com"),
        (KeyKind.EMAIL, "ann.lee+2@example.org", "ann.lee@example.org"),
        (KeyKind.EMAIL, "+x@example.org", None),
        (KeyKind.EMAIL, "nobody", None),
        (KeyKind.PHONE, "+49 (170) 123-4567", "701234567"),
        (KeyKind.PHONE, "0170 1234567", "701234567"),
        (KeyKind.PHONE, "112", None),
        (KeyKind.ADDRESS, "Ann van Lee, 10 115", "lee|10115"),
        (KeyKind.ADDRESS, "Lee", None),
        (KeyKind.ADDRESS, ", 10115", None),
        (KeyKind.PERSON, " 7F ", "7f"),
        (KeyKind.PERSON, " ", None),
    ],
)
def test_a_value_is_compared_in_one_spelling(kind: KeyKind, text: str, folded: str | None) -> None:
    assert fold_key(kind, text) == folded


@given(st.sampled_from(list(KeyKind)), st.text(max_size=40))
def test_folding_twice_is_folding_once(kind: KeyKind, text: str) -> None:
    once = fold_key(kind, text)

    if once is not None and kind is not KeyKind.ADDRESS:
        assert fold_key(kind, once) == once


def test_a_shopper_is_recognised_by_what_is_known_of_them() -> None:
    known = identity_keys(Person(name="Ann Lee", email="a@x.example", postcode="10115"), "p1")

    assert known == ((KeyKind.EMAIL, "a@x.example"), (KeyKind.ADDRESS, "lee|10115"), (KeyKind.PERSON, "p1"))
