"""Telephone numbers as people write them: one way to tell whether two writings mean the same number.

A number stands with its country ("+49 171 2345678", "0049 (0)171/2345678", "491712345678") or as it is dialled inside one
("0171 2345678", "555-010-1234"). Each writing means one number only, so two different numbers are never taken for one; a
writing that is not clear enough means none. Calling codes and trunk prefixes are those that ITU-T publishes (List of
E.164 country codes; Dialling procedures, E.118 annexes to the Operational Bulletin).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

LEAST: Final = 7  # digits of a number; fewer are years, amounts and house numbers
LEAST_BARE: Final = 8  # of one that stands in a text with neither its country nor a trunk prefix
LEAST_ANYWHERE: Final = 9  # inside its country, of a number that nobody knows the country of
_MOST_OF_NO_COUNTRY: Final = 11  # digits; a longer one without any prefix begins with a calling code


@dataclass(frozen=True, slots=True)
class Plan:
    """How a country numbers: its calling code, what is dialled before a number inside it, and how many digits a number has
    if that is the only way to tell (`length`); one of more than `longest` begins with the code."""

    code: str
    trunks: tuple[str, ...] = ()
    length: int | None = None
    longest: int = 10


# Countries (ISO 3166) that dial a 0 before a number, with their calling codes.
_ZERO: Final = """
AE971 AF93 AL355 AM374 AR54 AT43 AU61 AX358 AZ994 BA387 BD880 BE32 BG359 BL590 BO591 BR55 CC61 CD243 CH41 CN86 CO57 CU53
CX61 DE49 DZ213 EC593 EG20 EH212 ER291 ET251 FI358 FR33 GB44 GE995 GF594 GG44 GH233 GP590 HR385 ID62 IE353 IL972 IM44
IN91 IQ964 IR98 JE44 JO962 JP81 KE254 KG996 KH855 KI686 KP850 KR82 LA856 LB961 LI423 LK94 LR231 LY218 MA212 MC377 MD373 ME382 MF590
MG261 MK389 MM95 MN976 MQ596 MW265 MY60 NA264 NG234 NL31 NP977 NZ64 PE51 PH63 PK92 PM508 PS970 PY595 RE262 RO40 RS381 RW250
SA966 SD249 SE46 SI386 SK421 SL232 SO252 SR597 SS211 SY963 TH66 TR90 TW886 TZ255 UA380 UG256 UY598 VE58 VN84 XK383 YE967
YT262 ZA27 ZM260 ZW263
"""
# Those that dial nothing before it; a 0 that a number there begins with belongs to it.
_NOTHING: Final = """
AD376 AO244 AW297 BF226 BH973 BI257 BJ229 BN673 BQ599 BT975 BW267 BZ501 CF236 CG242 CI225 CK682 CL56 CM237 CR506 CV238 CW599
CY357 CZ420 DJ253 DK45 EE372 ES34 FJ679 FK500 FM691 FO298 GA241 GI350 GL299 GM220 GN224 GQ240 GR30 GT502 GW245 GY592
HK852 HN504 HT509 IO246 IS354 IT39 KM269 KW965 LS266 LU352 LV371 MH692 ML223 MO853 MR222 MT356 MU230 MV960 MZ258
NC687 NE227 NF672 NI505 NO47 NR674 NU683 OM968 PA507 PF689 PG675 PL48 PT351 PW680 QA974 SB677 SC248 SG65 SH290 SJ47
SM378 SN221 ST239 SV503 SZ268 TD235 TG228 TJ992 TK690 TL670 TN216 TO676 TV688 UZ998 VA39 VU678 WF681 WS685
"""
_NORTH_AMERICA: Final = "AG AI AS BB BM BS CA DM DO GD GU JM KN KY LC MP MS PR SX TC TT US VC VG VI"
_OTHERS: Final[Mapping[str, Plan]] = {
    "BY": Plan("375", ("80",), 9), "HU": Plan("36", ("06",)), "KZ": Plan("7", ("8",), 10), "LT": Plan("370", ("8", "0"), 8),
    "MX": Plan("52", ("01", "044", "045"), 10), "RU": Plan("7", ("8",), 10), "TM": Plan("993", ("8",), 8),
}  # fmt: skip
_LONGEST: Final = {"CN": 11, "BR": 11, "DE": 11, "DK": 8, "NO": 8, "SG": 8, "SJ": 8}
_ABROAD: Final = {"1": ("011",), "61": ("0011",), "81": ("010",)}  # dialled before a foreign number, beside 00


def _plans() -> Iterator[tuple[str, Plan]]:
    for texts, trunks in ((_ZERO, ("0",)), (_NOTHING, ())):
        for one in texts.split():
            usual = 10 if trunks or len(one) == 4 else 9
            yield one[:2], Plan(one[2:], trunks, longest=_LONGEST.get(one[:2], usual))
    yield from ((country, Plan("1", ("1",), 10)) for country in _NORTH_AMERICA.split())
    yield from _OTHERS.items()


PLANS: Final[Mapping[str, Plan]] = dict(_plans())
_BY_CODE: Final[Mapping[str, Plan]] = {plan.code: plan for plan in PLANS.values()}
# A number as it is written in a field: whatever stands before and after it is left out.
_WRITTEN: Final = re.compile(r"[(+\s]*\d[\d\s()./-]*")
# A number as it stands in a text: digits on one line, parted by single blanks and the usual signs, not part of a word.
_STANDS: Final = re.compile(r"(?<![\w#+-])[(+]{0,2} ?\d(?:[()./-]| (?! )|\d)*")
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_DATE: Final = re.compile(rf"{_DAY}([./-]){_DAY}\1(?:19|20)\d\d|(?:19|20)\d\d([./-]){_DAY}\2{_DAY}")
_NO_DIGIT: Final = re.compile(r"\D+")
_NOWHERE: Final = "?"  # before the digits of a number that no country is known of


class _Plain(dict[int, str]):
    """What a letter of another script or a typographic sign stands for in a number; learned as it is met."""

    def __missing__(self, point: int) -> str:
        letter = chr(point)
        match unicodedata.category(letter):
            case "Nd":
                self[point] = str(unicodedata.decimal(letter))
            case "Pd":
                self[point] = "-"
            case "Zs":
                self[point] = " "
            case "Cf":
                self[point] = ""
            case _:
                self[point] = "+" if letter == "\uff0b" else letter
        return self[point]


_PLAIN: Final = _Plain()


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """A number that is looked for: what it means, and the plans that a writing without its country is read by."""

    written: str
    means: frozenset[str]
    plans: tuple[Plan, ...]

    @classmethod
    def of(cls, phone: str | None, countries: Iterable[str | None] = ()) -> "Known | None":
        """Return a number as it is looked for, or nothing for what is none; `countries` are where it may be dialled."""
        written, plans = phone or "", _plans_of(countries)
        means = _means(written, plans)
        if not means:
            return None
        if not plans:
            own = _at_home(next(iter(means)))
            plans = () if own is None else (own,)
        return cls(written, means, plans)

    def is_written(self, writing: str) -> bool:
        """Return whether a writing means this number."""
        means = _means(writing, self.plans)
        if not means.isdisjoint(self.means):
            return True
        plans = {_at_home(one) for one in means} if not self.plans else set()
        return any(not _means(self.written, (plan,)).isdisjoint(means) for plan in plans if plan is not None)

    @property
    def _last(self) -> str:
        return next(iter(self.means))[-1]  # the same however it is read

    def stands_in(self, text: str) -> bool:
        """Return whether the number stands in a text as a number of its own."""
        read = plain(text)
        return any(self.is_written(read[start:end]) for start, end in _standing(read, self._last))

    def taken_out(self, text: str, word: str) -> str:
        """Return a text with a word in the place of the number wherever it stands; every other sign as it was."""
        read, where = plain(text), [n for n, sign in enumerate(text) if plain(sign)]
        for start, end in sorted(_standing(read, self._last), reverse=True):
            if self.is_written(read[start:end]):
                text = text[: where[start]] + word + text[where[end - 1] + 1 :]
        return text


def same_number(asked: str, known: str, *, countries: Iterable[str | None] = ()) -> bool:
    """Return whether two writings mean one number; one without its country is read as of each of the `countries` (ISO 3166).

    Where none is known it is read as of the other's country, if it has at least nine digits there.
    """
    found = Known.of(known, countries)
    return found is not None and found.is_written(asked)


def spellings(phone: str, countries: Iterable[str | None] = ()) -> tuple[str, ...]:
    """Return the digits under which a number may have been kept, whoever wrote it: with and without country and trunk."""
    found = Known.of(phone, countries)
    if found is None:
        return ()
    texts = {_NO_DIGIT.sub("", plain(phone)).removeprefix("00")}
    for number in found.means:
        plan, rest = _plan_of(number), number.removeprefix(_code_of(number))
        if plan is None:
            texts |= {rest, f"0{rest}"}
        else:
            texts |= {number, rest, *(before + one + rest for one in plan.trunks for before in ("", plan.code))}
    return tuple(sorted(texts))


def ending(phone: str, countries: Iterable[str | None] = ()) -> str | None:
    """Return the last nine digits of a number, which are the same in all its spellings, or nothing for a shorter one."""
    found = Known.of(phone, countries)
    rests = [] if found is None else [one.removeprefix(_code_of(one)) for one in found.means]
    return next((rest[-LEAST_ANYWHERE:] for rest in rests if len(rest) >= LEAST_ANYWHERE), None)


def plain(text: str) -> str:
    """Return a text with the digits of every script as 0 to 9, one kind of dash and of blank, and no invisible signs."""
    return text if text.isascii() else text.translate(_PLAIN)


def _standing(text: str, last: str) -> Iterator[tuple[int, int]]:
    """Yield where a number with that last digit may stand in a text, whole: nothing but it between two words or lines."""
    for found in _STANDS.finditer(text):
        one, after = found[0].strip(" ./-)"), text[found.end() : found.end() + 1]
        if len(one) < LEAST or (one[-1] != last and " / " not in one):  # most of a text, told at once
            continue
        if (found[0][-1].isdigit() and (after.isalpha() or after == "_")) or _DATE.fullmatch(one):
            continue
        start = found.start() + found[0].index(one)
        beside = one.split(" / ")
        if len(beside) > 1 and all(_is_marked(part, LEAST_ANYWHERE) for part in beside):  # several numbers
            for part in beside:
                yield start, start + len(part)
                start += len(part) + len(" / ")
        elif _is_marked(one, LEAST) or sum(map(str.isdigit, one)) >= LEAST_BARE:
            yield start, start + len(one)


def _is_marked(one: str, least: int) -> bool:
    """Return whether a writing begins as telephone numbers do, and has so many digits."""
    return one.lstrip("(").startswith(("+", "0")) and sum(map(str.isdigit, one)) >= least


def _means(writing: str, plans: Iterable[Plan]) -> frozenset[str]:
    """Return the international digits that a writing stands for: one for each plan if it does not tell its country."""
    found = _WRITTEN.search(plain(writing))
    digits = _NO_DIGIT.sub("", found[0]) if found else ""
    if found is None or len(digits) < LEAST:
        return frozenset()
    if "+" in found[0]:
        return frozenset({_international(digits)})
    plans = tuple(plans)
    for prefix in (*(one for plan in plans for one in _ABROAD.get(plan.code, ())), "00"):
        if digits.startswith(prefix):
            return frozenset({_international(digits.removeprefix(prefix))})
    if plans:
        return frozenset(_inside(digits, plan) for plan in plans)
    if len(digits) > _MOST_OF_NO_COUNTRY and not digits.startswith("0"):
        return frozenset({_international(digits)})
    return frozenset({_NOWHERE + digits.removeprefix("0")})


def _inside(digits: str, plan: Plan) -> str:
    """Return the international digits of a number that was written without a sign of its country."""
    bare = _bare(digits, plan)
    with_its_code = bare == digits and len(digits) > plan.longest and digits.startswith(plan.code)
    too_long = bare == digits and len(digits) > max(plan.longest, _MOST_OF_NO_COUNTRY)
    return _international(digits) if with_its_code or too_long else plan.code + bare


def _international(digits: str) -> str:
    plan = _plan_of(digits)
    return digits if plan is None else plan.code + _bare(digits.removeprefix(plan.code), plan)


def _bare(digits: str, plan: Plan) -> str:
    """Return a number without what is dialled before it inside its country."""
    for trunk in plan.trunks:
        rest = digits.removeprefix(trunk)
        if rest != digits and plan.length in (None, len(rest)):
            return rest
    return digits


def _plan_of(number: str) -> Plan | None:
    return next((_BY_CODE[number[:size]] for size in (1, 2, 3) if number[:size] in _BY_CODE), None)


def _code_of(number: str) -> str:
    plan = _plan_of(number)
    return _NOWHERE if plan is None else plan.code


def _at_home(number: str) -> Plan | None:
    """Return the plan of a number that is long enough to be recognised without its country."""
    plan = _plan_of(number)
    return plan if plan is not None and len(number) - len(plan.code) >= LEAST_ANYWHERE else None


def _plans_of(countries: Iterable[str | None]) -> tuple[Plan, ...]:
    """Return the plans of some countries; those that share a calling code share it."""
    named = (PLANS.get((country or "").upper()) for country in countries)
    return tuple({plan.code: plan for plan in named if plan is not None}.values())
