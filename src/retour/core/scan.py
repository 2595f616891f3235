"""What a scanner or a clerk typed, reduced to what it may mean: a return's number, a parcel, an order, an article."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MOST_CHARACTERS: Final = 200
SAME_WITHIN: Final = timedelta(seconds=2)  # a scanner that reads twice, a finger that taps twice
KEPT_ON_DEVICE: Final = timedelta(days=3)  # how long ago a scan may say that it was made

# A scanner may put the AIM identifier of the symbology before the data: "]C1" is GS1-128 (ISO/IEC 15424).
_AIM: Final = re.compile(r"\A\][A-Za-z][0-9A-Za-z]")
_NUMBER: Final = re.compile(r"\A(?:R[-\s]?)?([0-9]{1,15})\Z", re.IGNORECASE)
_NAMED: Final = re.compile(r"\AR-?[0-9]+\Z", re.IGNORECASE)
# The routing prefix of a parcel's barcode in the United States: 420 and a ZIP of 5 or 9 digits before the number
# (Postal Service publication 199, the intelligent mail package barcode).
_ROUTED: Final = re.compile(r"\A420(?:[0-9]{9}|[0-9]{5})(9[0-9]{19,25})\Z")


@dataclass(frozen=True, slots=True)
class Scan:
    """One code: `text` as it is shown, `number` if it can be a return's, `parcels` and `names` as they are compared."""

    text: str
    number: int | None
    parcels: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def is_return(self) -> bool:
        """Return whether the code names a return outright ("R-10482"), so that nothing else is meant."""
        return _NAMED.fullmatch(self.text) is not None


def read(raw: str) -> Scan | None:
    """Return what a code may mean, or nothing for an empty one; longer than 200 characters is cut off."""
    text = clean(raw)
    if not text:
        return None
    text = _of_address(text) if "://" in text else text
    match = _NUMBER.match(text)
    packed = re.sub(r"[\s-]", "", text)
    routed = _ROUTED.match(packed)
    parcels = dict.fromkeys([text, text.upper(), packed.upper(), *([routed[1]] if routed else [])])
    return Scan(
        text=text,
        number=int(match[1]) if match else None,
        parcels=tuple(parcels),
        names=(re.sub(r"\s", "", text).casefold().removeprefix("#"),),
    )


def is_parcel_of(raw: str, *, number: int, tracking_numbers: Collection[str]) -> bool:
    """Return whether the code of a parcel names that return outright, or is one of its tracking numbers."""
    scan = read(raw)
    if scan is None:
        return False
    return (scan.is_return and scan.number == number) or not set(scan.parcels).isdisjoint(tracking_numbers)


def clean(raw: str) -> str:
    """Return a code without control and format characters, the symbology's identifier and outer blanks."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in raw[: MOST_CHARACTERS * 4])
    return _AIM.sub("", " ".join(kept.split()))[:MOST_CHARACTERS].strip()


def is_repeat(last_at: datetime, at: datetime) -> bool:
    """Return whether the same code again at that time is the same scan."""
    return abs(at - last_at) < SAME_WITHIN


def made_at(said: datetime | None, *, now: datetime) -> datetime:
    """Return when a scan was made: what the device says, if that is neither ahead nor older than three days."""
    if said is None or said.tzinfo is None or not now - KEPT_ON_DEVICE <= said <= now:
        return now
    return said


def _of_address(text: str) -> str:
    """Return what an address in a QR code ends on: the last part of its path, or the address if it has none."""
    path = re.split(r"[?#]", text.partition("://")[2])[0]
    _, slash, rest = path.rstrip("/").partition("/")
    return rest.rpartition("/")[2] if slash and rest else text
