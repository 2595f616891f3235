"""A telephone number is the same however it is written, and never somebody else's."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.phone import PLANS, Known, ending, plain, same_number, spellings

# Countries of every manner of dialling, with how many digits a number has there and what it may begin with.
LENGTHS: dict[str, tuple[int, int, Sequence[str]]] = {
    "DE": (7, 11, "123456789"), "AT": (7, 11, "123456789"), "GB": (9, 10, "1235789"), "FR": (9, 9, "12345679"),
    "NL": (9, 9, "123456789"), "US": (10, 10, "23456789"), "CA": (10, 10, "23456789"), "IT": (9, 10, ("02", "06", "3")),
    "DK": (8, 8, "456789"), "ES": (9, 9, "6789"), "PL": (9, 9, "123456789"), "HU": (8, 9, "123456789"),
    "RU": (10, 10, "3489"), "LT": (8, 8, "3456789"), "BY": (9, 9, "1234"), "AE": (8, 9, "23456789"),
    "AU": (9, 9, "23478"), "JP": (9, 10, "3456789"), "EE": (8, 8, "5"),
}  # fmt: skip
SCRIPTS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９")


@dataclass(frozen=True)
class Number:
    """A number of a country, without anything before it."""

    country: str
    rest: str

    @property
    def full(self) -> str:
        return PLANS[self.country].code + self.rest


@st.composite
def numbers(draw: st.DrawFn, country: str | None = None) -> Number:
    where = country or draw(st.sampled_from(sorted(LENGTHS)))
    low, high, first = LENGTHS[where]
    size = draw(st.integers(low, high))
    begin = draw(st.sampled_from(first))
    more = size - len(begin)
    return Number(where, begin + draw(st.text("0123456789", min_size=more, max_size=more)))


def parted(draw: st.DrawFn, digits: str) -> str:
    """Return digits in groups as people part them."""
    sign, said = draw(st.sampled_from([" ", "-", ".", "/", " - ", " / ", ""])), digits[:1]
    for digit in digits[1:]:
        said += (sign if draw(st.integers(0, 3)) == 0 else "") + digit
    return said


@st.composite
def written(draw: st.DrawFn, number: Number, *, inside: bool) -> str:
    """Return a number as somebody writes it: with its country, or `inside` it without."""
    plan = PLANS[number.country]
    trunk = plan.trunks[0] if plan.trunks else ""
    between = draw(st.sampled_from([" ", "-", "", "/", "."]))
    abroad = [f"+{plan.code}", f"00{plan.code}", f"(+{plan.code})", f"+ {plan.code}", f"00 {plan.code}"]
    forms = [before + between + parted(draw, number.rest) for before in abroad]
    if trunk == "0":
        forms += [f"+{plan.code} (0){parted(draw, number.rest)}", f"+{plan.code} (0) {parted(draw, number.rest)}"]
    if len(number.full) > 11:
        forms.append(number.full)
    if inside:
        forms.append(trunk + parted(draw, number.rest))
        size = draw(st.integers(2, 4))
        forms.append(f"({trunk}{number.rest[:size]}) {parted(draw, number.rest[size:])}")
    one = draw(st.sampled_from(forms))
    script = draw(st.sampled_from(SCRIPTS))
    return draw(st.sampled_from(["{}", " {} ", "\u200e{}", "Tel. {}", "tel:{}"])).format(
        one.translate(str.maketrans("0123456789", script)).replace(" ", draw(st.sampled_from([" ", "\u00a0"])))
    )


@given(st.data(), numbers())
def test_no_usual_way_of_writing_a_number_changes_the_answer(data: st.DataObject, number: Number) -> None:
    countries = data.draw(st.permutations([number.country, "CH", None]))
    one, other = (data.draw(written(number, inside=True)) for _ in range(2))

    for asked, known in ((one, other), (other, one), (one, "+" + number.full)):
        assert same_number(asked, known, countries=countries), (asked, known)
    looked_for = Known.of(one, [number.country])
    assert looked_for is not None
    assert looked_for.stands_in(f"Please call me:\n{other}\nor later, {other}, thanks")


@given(st.data(), numbers(), numbers())
def test_two_different_numbers_are_never_taken_for_one(data: st.DataObject, one: Number, two: Number) -> None:
    if one.full == two.full:
        two = Number(two.country, two.rest[:-1] + str((int(two.rest[-1]) + 1) % 10))
    mine = data.draw(written(one, inside=True))
    theirs = data.draw(written(two, inside=PLANS[two.country].code == PLANS[one.country].code))
    countries = [one.country]

    assert not same_number(mine, theirs, countries=countries), (mine, theirs)
    assert not same_number(theirs, mine, countries=countries), (theirs, mine)
    looked_for = Known.of(mine, countries)
    assert looked_for is not None
    assert not looked_for.stands_in(f"Order 4711 of 2026-11-22, call {theirs}\nthanks")


@given(st.data(), numbers("DE"), st.text("0123456789", min_size=1, max_size=3))
def test_a_number_inside_a_longer_one_is_not_there(data: st.DataObject, number: Number, more: str) -> None:
    longer = Number("DE", number.rest + more)
    looked_for = Known.of("+" + number.full, ["DE"])
    assert looked_for is not None

    assert not looked_for.stands_in(data.draw(written(longer, inside=True)))


@given(numbers())
def test_a_number_is_found_under_every_spelling_that_it_may_be_kept_under(number: Number) -> None:
    plan = PLANS[number.country]
    kept = {number.full, number.rest} | {trunk + number.rest for trunk in plan.trunks}

    assert kept <= set(spellings("+" + number.full))
    assert kept <= set(spellings((plan.trunks or ("",))[0] + number.rest, [number.country]))


@pytest.mark.parametrize(
    "writing",
    [
        "0171 2345678", "(0)171/234-5678", "0171/234 56 78", "+49 (0)171 2345678", "0049 171 2345678", "491712345678",
        "+49 0171 2345678", "(0171) 2345678", "171 2345678", "+49\u20111712345678", "\u2066+49 171 2345678\u2069",
    ],
)  # fmt: skip
def test_a_german_number_is_recognised_in_a_message(writing: str) -> None:
    known = Known.of("+49 171 2345678", [None, "DE"])
    assert known is not None

    assert same_number(writing, "+49 171 2345678", countries=["DE"])
    assert known.stands_in(f"Ring mich an: {writing}, danke.")
    assert known.stands_in(f"PLZ 10115\n{writing}\n4711")
    assert known.stands_in(f"0711 12345678 / 030 1234567, {writing} / 030 1234567") == (writing[0] in "0+(\u2066")


@pytest.mark.parametrize(
    "writing", ["555-010-1234", "(555) 010-1234", "1-555-010-1234", "+1.555.010.1234", "0115550101234"]
)
def test_a_north_american_number_is_recognised_with_its_country_and_without(writing: str) -> None:
    assert same_number("+1 555 010 1234", writing, countries=["US"]) == (writing != "0115550101234")
    assert same_number(writing, "555 010 1234", countries=["CA"]) == (writing != "0115550101234")


@pytest.mark.parametrize(
    ("asked", "known", "countries"),
    [
        ("0171 2345678", "+43 171 2345678", ["DE"]), ("0171 2345678", "+49 171 2345678", ["AT"]),
        ("+45 12 34 56 78", "451-234-5678", ["US"]), ("+1 451-234-5678", "+45 12345678", ["DK"]),
        ("0171 2345678", "+49 (0)171 2345679", ["DE"]), ("02 1234567", "+39 2 1234567", ["IT"]),
        ("171 2345678", "+49 711 712345678", []), ("0012345", "12345", ["DE"]), ("", "", ["DE"]), ("call", "me", []),
        ("+999 12345678", "12345678", []), ("0711 12345", "+49 711 12345", []), ("2026", "2026", []),
    ],
)  # fmt: skip
def test_what_is_another_number_or_none_is_not_the_same(asked: str, known: str, countries: list[str]) -> None:
    assert not same_number(asked, known, countries=countries)
    assert not same_number(known, asked, countries=countries)


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("0171 2345678", "+49 171 2345678"), ("555-010-1234", "+1 555 010 1234"), ("0171 2345678", "171/2345678"),
        ("491712345678", "+49 171 2345678"), ("+999 12345678", "00999 12345678"), ("0711 1234", "07111234"),
    ],
)  # fmt: skip
def test_without_any_country_nine_digits_of_the_others_country_are_enough(asked: str, known: str) -> None:
    assert same_number(asked, known)
    assert same_number(known, asked)


def test_several_countries_are_all_asked() -> None:
    assert same_number("0171 2345678", "+43 171 2345678", countries=["DE", "AT"])
    assert same_number("0011 49 171 2345678", "0171 2345678", countries=["AU", "DE"])
    assert not same_number("0171 2345678", "+41 171 2345678", countries=["DE", "AT"])


@pytest.mark.parametrize(
    "text",
    [
        "order #1712345678", "SKU-01712345678", "A01712345678", "01712345678a", "01712345678_1", "0171 2345678 12",
        "12 0171 2345678", "+43 171 2345678", "+43 0171 2345678", "43 (0)171 2345678", "0171\n2345678", "1712345678901",
        "0192f0c1-2b3c-7d4e-8f50-171234567800", "", "0171  2345678", "x+491712345678",
    ],
)  # fmt: skip
def test_digits_that_are_part_of_something_else_are_no_number(text: str) -> None:
    known = Known.of("+49 171 2345678", ["DE"])
    assert known is not None
    assert not known.stands_in(text)


def test_a_number_is_taken_out_and_every_other_sign_stays() -> None:
    known = Known.of("+49 171 2345678", ["DE"])
    assert known is not None
    said = "Tel. (0171) 23 45 678, \u200e+49\u00a0(0)171\u20112345678\u200f! 0049 171 2345678 / 030 1234567; 0171 2345679 \u00df"

    assert known.taken_out(said, "[x]") == ("Tel. [x], \u200e[x]\u200f! [x] / 030 1234567; 0171 2345679 \u00df")
    assert known.taken_out("nobody", "[x]") == "nobody"


def test_a_date_is_no_number_of_a_country_that_dials_eight_digits() -> None:
    known = Known.of("+47 22 11 20 26", ["NO"])
    assert known is not None

    assert known.stands_in("ring 22 11 20 26")
    assert known.stands_in("ring 22112026 i dag")
    for date in ("22.11.2026", "22-11-2026", "22/11/2026"):
        assert not known.stands_in(f"Oslo, {date} kl. 10")
    seven = Known.of("+372 511 2026", ["EE"])
    assert seven is not None
    assert (seven.stands_in("helista +372 511 2026"), seven.stands_in("arve 5112026")) == (True, False)


def test_a_number_is_kept_under_a_few_spellings() -> None:
    assert spellings("(0)171/234-5678", ["DE"]) == ("01712345678", "1712345678", "4901712345678", "491712345678")
    assert spellings("0171 2345678") == ("01712345678", "1712345678")
    assert spellings("0045 12345678") == ("12345678", "4512345678")
    assert spellings("+999 12345678") == ("099912345678", "99912345678")
    assert spellings("call me") == ()


def test_the_end_of_a_number_is_the_same_in_every_spelling() -> None:
    for writing in ("+49 171 2345678", "0171 2345678", "(0)171/234-5678", "491712345678"):
        assert ending(writing, ["DE"]) == "712345678"
    assert ending("0171 2345678") == ending("+49 (0)171 2345678") == "712345678"
    assert (ending("+45 12345678"), ending("12345678"), ending("")) == (None, None, None)


def test_every_digit_dash_and_blank_is_read() -> None:
    assert plain("٠١٧١\u2013２３４\u00a0\u200f5\uff0bß") == "0171-234 5+ß"
    assert plain("plain") == "plain"


def test_the_plans_are_one_for_each_country() -> None:
    assert all(re.fullmatch("[A-Z]{2}", country) for country in PLANS)
    assert all(re.fullmatch("[1-9][0-9]{0,2}", plan.code) for plan in PLANS.values())
    codes = {plan.code for plan in PLANS.values()}
    assert not [(a, b) for a in codes for b in codes if a != b and b.startswith(a)]  # none begins another
