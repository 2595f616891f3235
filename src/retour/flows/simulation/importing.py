"""An imported file on its way into a simulation: read at once, so that whoever sends it learns what is wrong with it."""

from typing import Final

import msgspec

from retour.core.errors import Refused
from retour.core.simulation.imported import ImportedLine, read_csv

MOST_BYTES: Final = 64 * 1024 * 1024


def read_file(raw: bytes, *, currency: str) -> bytes:
    """Return a CSV file (UTF-8) as the JSON that is kept; raise Refused(file_too_long, file_invalid)."""
    if len(raw) > MOST_BYTES:
        raise Refused("file_too_long", "a file may have 64 MB", field="csv")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Refused("file_invalid", "the file is not UTF-8", field="csv") from None
    return msgspec.json.encode(read_csv(text, currency=currency))


def pages_of(kept: bytes, *, size: int) -> list[tuple[int, bytes]]:
    """Return the orders of a kept file in pages: how many there are in each, and their JSON."""
    orders = msgspec.json.decode(kept, type=list[msgspec.Raw])
    return [
        (len(some), msgspec.json.encode(some))
        for some in (orders[at : at + size] for at in range(0, len(orders), size))
    ]


def lines_of(page: bytes) -> list[tuple[ImportedLine, ...]]:
    """Return the lines of a page by order."""
    return msgspec.json.decode(page, type=list[tuple[ImportedLine, ...]])
