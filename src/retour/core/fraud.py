"""Signs of abuse: what was seen of a shopper and those who look the same, as explained points; never a decision."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from retour.core.order import Person, Risk

MOST: Final = 100
MEDIUM, HIGH = 30, 60
UNITS_LEAST: Final = 5  # of fewer units bought a share says nothing
DAYS: Final = 365  # how far back is looked
GOODS_DAYS: Final = 21  # after which money that was paid ahead counts as paid without goods
_DOTLESS: Final = frozenset({"gmail.com", "googlemail.com"})  # dots before the @ are ignored there


class Sign(StrEnum):
    """What may be a sign of abuse."""

    SERIAL_RETURNER = "serial_returner"
    WARDROBING = "wardrobing"
    SWAPPED_PARCEL = "swapped_parcel"
    PAID_WITHOUT_GOODS = "paid_without_goods"
    SHARED_IDENTITY = "shared_identity"
    ON_BLOCK_LIST = "on_block_list"


class KeyKind(StrEnum):
    """By what a shopper is recognised; `address` is the family name with the postcode, no street is kept."""

    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"
    PERSON = "person"


POINTS: Final[Mapping[Sign, int]] = {
    Sign.SERIAL_RETURNER: 30,
    Sign.WARDROBING: 30,
    Sign.SWAPPED_PARCEL: 40,
    Sign.PAID_WITHOUT_GOODS: 40,
    Sign.SHARED_IDENTITY: 20,
    Sign.ON_BLOCK_LIST: MOST,
}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which count on something is a sign; `review_from` is the score from which a person looks at a request.

    `returns` and `share_bp` (basis points of the units bought) are reached together; `others` counts further persons.
    """

    returns: int = 5
    share_bp: int = 6_000
    worn: int = 2
    swapped: int = 1
    without_goods: int = 1
    others: int = 2
    review_from: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last year shows of a shopper and of the others who look the same; counts of returns unless said else.

    `worn` came back opened or damaged though nothing was said to be wrong; `swapped` lacked units, held something else
    or was not accepted; `without_goods` was paid ahead and never arrived; `others` are persons of the same identity.
    """

    returns: int = 0
    units_bought: int = 0
    units_returned: int = 0
    worn: int = 0
    swapped: int = 0
    without_goods: int = 0
    others: int = 0
    blocked: bool = False
    allowed: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """One sign with its points, the figures that were seen, and those from which on it counts."""

    sign: Sign
    points: int
    facts: Mapping[str, int] = field(default_factory=dict)
    threshold: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """What the signs come to, from 0 to 100; a shopper on the allow list has 0, with the signs still told.

    `customer` leaves out what a list says: it is what was seen of the shopper.
    """

    total: int
    customer: int
    signals: tuple[Signal, ...] = ()
    allowed: bool = False
    blocked: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """Return the codes of the signs, none for who is on the allow list."""
        return () if self.allowed else tuple(signal.sign.value for signal in self.signals)

    @property
    def level(self) -> Risk:
        """Return the score as a word."""
        if not self.total:
            return Risk.NONE
        return Risk.LOW if self.total < MEDIUM else Risk.MEDIUM if self.total < HIGH else Risk.HIGH


def score(seen: Seen, limits: Thresholds) -> Score:
    """Return the signs and what they come to; the same figures always give the same score, and worse ones never less."""
    share = seen.units_returned * 10_000 // seen.units_bought if seen.units_bought >= UNITS_LEAST else 0
    found = []
    if seen.blocked:
        found.append(Signal(Sign.ON_BLOCK_LIST, POINTS[Sign.ON_BLOCK_LIST]))
    if seen.returns >= limits.returns and share >= limits.share_bp:
        found.append(
            Signal(
                Sign.SERIAL_RETURNER, POINTS[Sign.SERIAL_RETURNER],
                {"returns": seen.returns, "units_bought": seen.units_bought, "units_returned": seen.units_returned,
                 "share_bp": share},
                {"returns": limits.returns, "share_bp": limits.share_bp},
            )
        )  # fmt: skip
    counted = (
        (Sign.WARDROBING, "worn", seen.worn, limits.worn),
        (Sign.SWAPPED_PARCEL, "swapped", seen.swapped, limits.swapped),
        (Sign.PAID_WITHOUT_GOODS, "without_goods", seen.without_goods, limits.without_goods),
        (Sign.SHARED_IDENTITY, "others", seen.others, limits.others),
    )
    found += [Signal(sign, POINTS[sign], {name: n}, {name: most}) for sign, name, n, most in counted if n >= most]
    whole = min(sum(signal.points for signal in found), MOST)
    own = min(sum(signal.points for signal in found if signal.sign is not Sign.ON_BLOCK_LIST), MOST)
    if seen.allowed:
        return Score(0, 0, tuple(found), allowed=True, blocked=False)
    return Score(whole, own, tuple(found), blocked=seen.blocked)


def wants_review(scored: Score, limits: Thresholds) -> bool:
    """Return whether a person looks at the request; that is all a score or a list ever does by itself."""
    return scored.blocked or (limits.review_from is not None and scored.total >= limits.review_from)


def identity_keys(person: Person, person_id: str) -> tuple[tuple[KeyKind, str], ...]:
    """Return by what a shopper is recognised, each in the one spelling in which it is compared."""
    told = (
        (KeyKind.EMAIL, fold_key(KeyKind.EMAIL, person.email or "")),
        (KeyKind.PHONE, fold_key(KeyKind.PHONE, person.phone or "")),
        (KeyKind.ADDRESS, fold_key(KeyKind.ADDRESS, f"{person.name or ''}, {person.postcode or ''}")),
        (KeyKind.PERSON, person_id),
    )
    return tuple((kind, key) for kind, key in told if key is not None)


def fold_key(kind: KeyKind, text: str) -> str | None:
    """Return a value as it is compared, or nothing for what is none.

    An address is a mailbox without what follows a plus, and without dots where they are ignored; a telephone number its
    last nine digits, which are the same with and without the country; an address the family name and the postcode,
    written with a comma between.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    match kind:
        case KeyKind.EMAIL:
            local, at, domain = "".join(plain.split()).rpartition("@")
            local = local.partition("+")[0]
            if domain in _DOTLESS:
                local, domain = local.replace(".", ""), "gmail.com"
            return f"{local}@{domain}" if at and local and domain else None
        case KeyKind.PHONE:
            digits = "".join(c for c in plain if c.isascii() and c.isdigit())
            return digits[-9:] if len(digits) >= 7 else None
        case KeyKind.ADDRESS:
            name, _, postcode = plain.rpartition(",")
            family = "".join(c for c in (name.split() or [""])[-1] if c.isalpha())
            place = "".join(c for c in postcode if c.isalnum())
            return f"{family}|{place}" if family and place else None
        case _:
            return plain.strip() or None
