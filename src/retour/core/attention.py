"""Who looks after a return and how urgent it is: the marks that staff put on it, which decide nothing by themselves."""

from enum import StrEnum
from typing import Final

from retour.core.errors import Refused

LONGEST_TAG: Final = 40  # characters
MOST_TAGS: Final = 20  # on one return
MOST_WATCHERS: Final = 20


class Priority(StrEnum):
    """How urgent a return is; most are normal."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


def tag_of(text: str) -> str:
    """Return a tag as it is kept: one blank between words, in one case; raise Refused(tag_not_valid)."""
    tag = " ".join(text.split()).casefold()
    if not tag or len(tag) > LONGEST_TAG or not tag.isprintable():
        raise Refused("tag_not_valid", f"a tag has 1 to {LONGEST_TAG} characters", field="tag")
    return tag
