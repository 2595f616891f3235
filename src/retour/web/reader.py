"""Who reads: language, time zone, theme and the moment, and how amounts, days and numbers look to them."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time, format_timedelta
from babel.numbers import NumberPattern, format_decimal, format_percent, get_decimal_symbol, get_group_symbol
from babel.numbers import parse_pattern as number_pattern
from markupsafe import Markup, escape

from retour.core.money import Money, exponent
from retour.web.texts import LANGUAGES, RIGHT_TO_LEFT, SOURCE_LANGUAGE, Texts, match_language

Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
LANGUAGE_COOKIE: Final = "retour_lang"
THEME_COOKIE: Final = "retour_theme"
MINUS: Final = "\N{MINUS SIGN}"
NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_RELATIVE: Final = timedelta(hours=24)
_BIDI_MARKS: Final = re.compile("[\u200e\u200f\u061c]")
_GLUED: Final = re.compile(r"(?<=[^\W\d_])(?=\d)")  # letters of a currency that touch its figure


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever reads a page or a mail; `now` is aware UTC, `theme` nothing where the device decides.

    `url` is the path and query of the page at hand, `choices` what was chosen on it and is kept in cookies.
    """

    language: str
    timezone: tzinfo
    theme: Theme | None
    now: datetime
    t: NullTranslations = field(default_factory=NullTranslations)
    url: str = "/"
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def dir(self) -> Literal["ltr", "rtl"]:
        """Return the direction of the language's script."""
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"

    def say(self, message: str, **values: object) -> str:
        """Return a message in the reader's language with its `%(name)s` filled in."""
        said = self.t.gettext(message)
        return said % values if values else said

    def say_plural(self, one: str, many: str, n: int, **values: object) -> str:
        """Return the form of a message that fits a count; `%(n)s` is the count as the reader writes it."""
        return self.t.ngettext(one, many, n) % {"n": self.number(n), **values}

    def money(self, amount: Money) -> Markup:
        """Return an amount as it stands in running text, kept in one piece in either direction."""
        return Markup('<bdi dir="ltr">{}</bdi>').format(self.amount(amount))

    def amount(self, amount: Money) -> str:
        """Return an amount as plain text, for titles, mails in plain text and files."""
        return format_money(self.language, amount.minor, amount.currency)

    def number(self, count: int) -> str:
        """Return a whole number with its groups."""
        return (MINUS if count < 0 else "") + str(format_decimal(abs(count), locale=_numbers(self.language)))

    def percent(self, basis_points: int) -> str:
        """Return basis points as a percentage with the decimals it has, two at most ("12.5%", "19 %")."""
        locale = _numbers(self.language)
        pattern = locale.percent_formats[None].pattern.replace("0", "0.##", 1)
        text = format_percent(Decimal(abs(basis_points)) / 10_000, format=pattern, locale=locale)
        return (MINUS if basis_points < 0 else "") + _BIDI_MARKS.sub("", text)

    def local(self, moment: datetime) -> datetime:
        """Return a moment in the reader's time zone."""
        assert moment.tzinfo is not None
        return moment.astimezone(self.timezone)

    def day(self, day: date) -> str:
        """Return a day, or the day of a moment: "12 May", with the year unless it is this one."""
        if isinstance(day, datetime):
            day = self.local(day).date()
        skeleton = "dMMM" if day.year == self.local(self.now).year else "yMMMd"
        return str(format_skeleton(skeleton, day, locale=_dates(self.language)))

    def time(self, moment: datetime) -> str:
        """Return the time of day: "16:40"."""
        return str(format_time(self.local(moment), "short", locale=_dates(self.language)))

    def moment(self, moment: datetime) -> str:
        """Return day and time: "12 May, 16:40"."""
        return self.say("%(day)s, %(time)s", day=self.day(moment), time=self.time(moment))

    def ago(self, moment: datetime) -> str:
        """Return how a moment is told: relative under 24 hours ("2 minutes ago"), else its day."""
        distance = moment - self.now
        if abs(distance) >= _RELATIVE:
            return self.day(moment)
        if abs(distance) < timedelta(minutes=1):
            return self.say("just now") if distance <= timedelta(0) else self.say("in a moment")
        return str(format_timedelta(distance, add_direction=True, threshold=1.01, locale=_dates(self.language)))

    def when(self, moment: datetime) -> Markup:
        """Return a moment as a `<time>` that tells it in short and carries it in full."""
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            moment.astimezone(UTC).isoformat(timespec="seconds"), self.moment(moment), self.ago(moment)
        )

    def span(self, duration: timedelta) -> str:
        """Return a duration in its largest unit: "26 hours", "4 days"."""
        return str(format_timedelta(duration, threshold=1.1, locale=_dates(self.language)))

    def lines(self, *parts: str | None) -> Markup:
        """Return the lines of an address that are there, each on its own."""
        return Markup("<br>").join(escape(part) for part in parts if part)

    @property
    def decimal_mark(self) -> str:
        """Return what stands before the decimals ("." or ",")."""
        return str(get_decimal_symbol(_numbers(self.language)))

    @property
    def group_mark(self) -> str:
        """Return what stands between the groups of thousands."""
        return str(get_group_symbol(_numbers(self.language)))


class Readers:
    """Makes readers from what a request says of itself."""

    def __init__(self, texts: Texts, languages: Collection[str] = LANGUAGES.keys()) -> None:
        """`languages` are those that a request may choose."""
        self._texts, self._languages = texts, languages

    def of(
        self,
        *,
        now: datetime,
        timezone: str = "UTC",
        default_language: str = "en",
        query: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        accept_language: str = "",
        url: str = "/",
    ) -> Reader:
        """Return the reader of a request: what it chooses in its address, else its cookies, else what it accepts."""
        query, cookies = query or {}, cookies or {}
        choices: dict[str, str] = {}
        language = query.get("lang", "")
        if language in self._languages:
            choices[LANGUAGE_COOKIE] = language
        elif (language := cookies.get(LANGUAGE_COOKIE, "")) not in self._languages:
            default = default_language if default_language in self._languages else SOURCE_LANGUAGE
            language = match_language(accept_language, default, self._languages)
        theme = query.get("theme", "")
        if theme in (*THEMES, "auto"):
            choices[THEME_COOKIE] = theme
        else:
            theme = cookies.get(THEME_COOKIE, "")
        return self.make(language, timezone=timezone, now=now, theme=_theme(theme), url=url, choices=choices)

    def make(
        self,
        language: str,
        *,
        timezone: str,
        now: datetime,
        theme: Theme | None = None,
        url: str = "/",
        choices: Mapping[str, str] | None = None,
    ) -> Reader:
        """Return a reader of a known language, as a mail has one."""
        return Reader(language, ZoneInfo(timezone), theme, now, self._texts.of(language), url, dict(choices or {}))


@lru_cache(maxsize=4096)
def format_money(language: str, minor: int, currency: str) -> str:
    """Return minor units as a language writes them: "€1,234.50", "1.234,50 €", minus U+2212, no breaking spaces."""
    digits = exponent(currency)
    value = Decimal(abs(minor)).scaleb(-digits)
    text = _pattern(language, digits).apply(value, _numbers(language), currency=currency, currency_digits=False)
    text = _GLUED.sub(NO_BREAK, _BIDI_MARKS.sub("", text)).replace(" ", NO_BREAK)
    return (MINUS if minor < 0 else "") + text


@lru_cache(maxsize=64)
def _pattern(language: str, digits: int) -> NumberPattern:
    pattern = number_pattern(_numbers(language).currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    return pattern


@lru_cache(maxsize=16)
def _numbers(language: str) -> Locale:
    return Locale.parse(language)


@lru_cache(maxsize=16)
def _dates(language: str) -> Locale:
    # Day before month and a 24-hour clock, as everywhere that Retour sends parcels to.
    return Locale.parse("en_GB" if language == "en" else language)


def _theme(name: str) -> Theme | None:
    return name if name in ("light", "dark") else None  # type: ignore[return-value] # one of the two by then
