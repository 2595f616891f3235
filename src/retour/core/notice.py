"""What the staff hears of by mail: what a shopper did with a return, and what colleagues noted on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from retour.core.event import EventType

PAUSE: Final = timedelta(minutes=10)  # between two mails about the same return
_SHOPPER: Final = "shopper"


class News(StrEnum):
    """What happened, in the order in which a mail tells it."""

    ANSWERED = "answered"
    WROTE = "wrote"
    EDITED = "edited"
    CANCELLED = "cancelled"
    NOTED = "noted"


_OF_SHOPPERS: Final[Mapping[EventType, News]] = {
    EventType.RETURN_INFO_GIVEN: News.ANSWERED,
    EventType.RETURN_WRITTEN: News.WROTE,
    EventType.RETURN_EDITED: News.EDITED,
    EventType.RETURN_MOVED: News.EDITED,
    EventType.RETURN_CANCELLED: News.CANCELLED,
}
TOPICS: Final = frozenset(_OF_SHOPPERS) | {EventType.RETURN_NOTED}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened and who did it."""

    news: News
    actor: str


def news_of(what: EventType, actor: str, data: Mapping[str, object]) -> News | None:
    """Return what the staff hears of an event, or nothing; what staff does itself is no news but a note among staff."""
    if what is EventType.RETURN_NOTED:
        return None if data.get("shown") is True else News.NOTED
    return _OF_SHOPPERS.get(what) if actor.partition(":")[0] == _SHOPPER else None


def for_reader(items: Iterable[Item], *, reader: str | None) -> tuple[News, ...]:
    """Return what one reader is told, each kind once: nothing of their own doing.

    `reader` is who looks after the return or watches it, as events name them; none is the address for returns that
    nobody looks after, which is told of shoppers alone.
    """
    told = {item.news for item in items if item.actor != reader and (reader is not None or item.news is not News.NOTED)}
    return tuple(news for news in News if news in told)
