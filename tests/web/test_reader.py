"""How amounts, days and numbers look to readers of three languages, to the character."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from retour.core.money import Money
from retour.web.reader import LANGUAGE_COOKIE, THEME_COOKIE, Readers
from retour.web.texts import DOMAINS, FOLDER, SOURCE_LANGUAGE, STAFF_LANGUAGES, Texts
from tests.web.readers import NOW, READERS, a_reader


@pytest.mark.parametrize(
    ("language", "minor", "currency", "written"),
    [
        ("en", 12480, "EUR", "€124.80"),
        ("en", -1290, "EUR", "\N{MINUS SIGN}€12.90"),
        ("en", 0, "EUR", "€0.00"),
        ("en", 123456, "JPY", "¥123,456"),
        ("en", -390, "USD", "\N{MINUS SIGN}$3.90"),
        ("en", 12500, "KWD", "KWD\N{NO-BREAK SPACE}12.500"),
        ("en", 500, "CHF", "CHF\N{NO-BREAK SPACE}5.00"),
        ("de", 12480, "EUR", "124,80\N{NO-BREAK SPACE}€"),
        ("de", -123456, "EUR", "\N{MINUS SIGN}1.234,56\N{NO-BREAK SPACE}€"),
        ("de", 1234, "JPY", "1.234\N{NO-BREAK SPACE}¥"),
        ("de", 12500, "KWD", "12,500\N{NO-BREAK SPACE}KWD"),
        ("ar", 12480, "EUR", "124.80\N{NO-BREAK SPACE}€"),
        ("ar", -1290, "EUR", "\N{MINUS SIGN}12.90\N{NO-BREAK SPACE}€"),
        ("ar", 1234, "JPY", "1,234\N{NO-BREAK SPACE}JP¥"),
        ("ar", 12500, "KWD", "12.500\N{NO-BREAK SPACE}د.ك."),
    ],
)
def test_an_amount_is_written_as_the_language_writes_it(language: str, minor: int, currency: str, written: str) -> None:
    assert a_reader(language).amount(Money(minor, currency)) == written


def test_an_amount_in_running_text_keeps_its_direction() -> None:
    assert a_reader("ar").money(Money(-390, "EUR")) == '<bdi dir="ltr">\N{MINUS SIGN}3.90\N{NO-BREAK SPACE}€</bdi>'


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [
        ("en", "12 May", "12 May, 18:40"),
        ("de", "12. Mai", "12. Mai, 18:40"),
        ("ar", "12 مايو", "12 مايو، 6:40 م"),
    ],
)
def test_a_day_and_a_moment_are_told_in_the_readers_time_zone(language: str, day: str, moment: str) -> None:
    at = datetime(2026, 5, 12, 16, 40, tzinfo=UTC)

    assert a_reader(language).day(at) == day
    assert a_reader(language).moment(at) == moment


def test_a_day_of_another_year_names_it() -> None:
    assert a_reader().day(date(2025, 12, 31)) == "31 Dec 2025"
    assert a_reader("de").day(date(2027, 1, 2)) == "2. Jan. 2027"


def test_late_in_the_evening_the_day_is_that_of_the_time_zone() -> None:
    assert a_reader().day(datetime(2026, 5, 12, 22, 30, tzinfo=UTC)) == "13 May"
    assert a_reader(timezone="America/New_York").day(datetime(2026, 5, 12, 3, 0, tzinfo=UTC)) == "11 May"


@pytest.mark.parametrize(
    ("distance", "english", "german"),
    [
        (timedelta(seconds=-20), "just now", "gerade eben"),
        (timedelta(seconds=30), "in a moment", "gleich"),
        (timedelta(minutes=-2), "2 minutes ago", "vor 2 Minuten"),
        (timedelta(hours=-3), "3 hours ago", "vor 3 Stunden"),
        (timedelta(hours=2), "in 2 hours", "in 2 Stunden"),
        (timedelta(hours=-26), "20 May", "20. Mai"),
    ],
)
def test_only_what_is_less_than_a_day_away_is_told_by_its_distance(
    distance: timedelta, english: str, german: str
) -> None:
    assert a_reader().ago(NOW + distance) == english
    assert a_reader("de").ago(NOW + distance) == german


def test_a_time_on_the_page_carries_its_full_form() -> None:
    assert a_reader().when(NOW - timedelta(days=9)) == (
        '<time datetime="2026-05-12T08:30:00+00:00" title="12 May, 10:30">12 May</time>'
    )


@pytest.mark.parametrize(
    ("language", "number", "percent", "whole"),
    [("en", "1,234", "12.5%", "19%"), ("de", "1.234", "12,5\N{NO-BREAK SPACE}%", "19\N{NO-BREAK SPACE}%")],
)
def test_numbers_and_percentages(language: str, number: str, percent: str, whole: str) -> None:
    reader = a_reader(language)

    assert reader.number(1234) == number
    assert reader.number(-1234) == f"\N{MINUS SIGN}{number}"
    assert reader.percent(1250) == percent
    assert reader.percent(1900) == whole
    assert reader.percent(-1250) == f"\N{MINUS SIGN}{percent}"


def test_a_duration_is_told_in_its_largest_unit() -> None:
    assert a_reader().span(timedelta(hours=26)) == "26 hours"
    assert a_reader("de").span(timedelta(days=4)) == "4 Tage"


def test_an_address_is_escaped_line_by_line() -> None:
    assert a_reader().lines("Mara <b>", None, "", "20457 Hamburg") == "Mara &lt;b&gt;<br>20457 Hamburg"


def test_a_message_and_a_plural_are_filled_in() -> None:
    assert a_reader("de").say("Step %(n)s of %(of)s", n=3, of=4) == "Schritt 3 von 4"
    assert a_reader("ar").say_plural("%(num)s unit", "%(num)s units", 2, num=2) == "وحدتان"


@pytest.mark.parametrize(
    ("query", "cookies", "accept", "language"),
    [
        ({"lang": "de"}, {LANGUAGE_COOKIE: "ar"}, "en", "de"),
        ({"lang": "xx"}, {LANGUAGE_COOKIE: "ar"}, "en", "ar"),
        ({}, {}, "fr-FR,de-AT;q=0.8,en;q=0.5", "de"),
        ({}, {}, "fr;q=1, en;q=0.3, de;q=0", "en"),
        ({}, {LANGUAGE_COOKIE: "<script>"}, "", "de"),
        ({}, {}, "de;q=nonsense", "de"),
    ],
)
def test_the_language_is_the_choice_then_the_cookie_then_the_browsers_then_the_stores(
    query: dict[str, str], cookies: dict[str, str], accept: str, language: str
) -> None:
    reader = READERS.of(now=NOW, default_language="de", query=query, cookies=cookies, accept_language=accept)

    assert reader.language == language


def test_staff_read_pages_in_languages_that_have_them_whole_whatever_they_chose_as_shoppers() -> None:
    staff = Readers(Texts.load(), STAFF_LANGUAGES)
    arabic: dict[str, Any] = {"query": {"lang": "ar"}, "cookies": {LANGUAGE_COOKIE: "ar"}, "default_language": "ar"}

    assert staff.of(now=NOW, accept_language="ar,de;q=0.5", **arabic).language == "de"
    assert staff.of(now=NOW, accept_language="ar", **arabic).language == "en"
    assert staff.of(now=NOW, **arabic).choices == {}
    for language in set(STAFF_LANGUAGES) - {SOURCE_LANGUAGE}:
        assert {path.stem for path in (FOLDER / language).glob("*.po")} == set(DOMAINS)


def test_a_choice_in_the_address_is_kept_and_an_unknown_one_is_not() -> None:
    chosen = READERS.of(now=NOW, query={"lang": "de", "theme": "dark"})
    unknown = READERS.of(now=NOW, query={"lang": "xx", "theme": "pink"}, cookies={THEME_COOKIE: "light"})

    assert (chosen.theme, chosen.choices) == ("dark", {LANGUAGE_COOKIE: "de", THEME_COOKIE: "dark"})
    assert (unknown.theme, unknown.choices) == ("light", {})


def test_arabic_runs_from_right_to_left() -> None:
    assert (a_reader("ar").dir, a_reader("de").dir) == ("rtl", "ltr")
