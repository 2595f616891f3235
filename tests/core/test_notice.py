"""What the staff hears of: shoppers' acts and colleagues' notes, each kind once, and nothing of one's own doing."""

import pytest

from retour.core.event import EventType
from retour.core.notice import Item, News, for_reader, news_of


@pytest.mark.parametrize(
    ("what", "actor", "data", "news"),
    [
        (EventType.RETURN_INFO_GIVEN, "shopper:1", {}, News.ANSWERED),
        (EventType.RETURN_INFO_GIVEN, "staff:1", {}, None),
        (EventType.RETURN_WRITTEN, "shopper:1", {}, News.WROTE),
        (EventType.RETURN_EDITED, "shopper:1", {}, News.EDITED),
        (EventType.RETURN_EDITED, "key:1", {}, None),
        (EventType.RETURN_MOVED, "shopper:1", {}, News.EDITED),
        (EventType.RETURN_CANCELLED, "shopper:1", {}, News.CANCELLED),
        (EventType.RETURN_NOTED, "staff:1", {"shown": False}, News.NOTED),
        (EventType.RETURN_NOTED, "staff:1", {"shown": True}, None),
        (EventType.RETURN_REQUESTED, "shopper:1", {}, None),
    ],
)
def test_an_event_is_news_or_not(what: EventType, actor: str, data: dict[str, object], news: News | None) -> None:
    assert news_of(what, actor, data) == news


HAPPENED = [
    Item(News.NOTED, "staff:1"), Item(News.EDITED, "shopper:9"), Item(News.WROTE, "shopper:9"),
    Item(News.WROTE, "shopper:9"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        ("staff:1", (News.WROTE, News.EDITED)),
        ("staff:2", (News.WROTE, News.EDITED, News.NOTED)),
        (None, (News.WROTE, News.EDITED)),
    ],
)
def test_each_reader_is_told_in_a_fixed_order_what_others_did(reader: str | None, told: tuple[News, ...]) -> None:
    assert for_reader(HAPPENED, reader=reader) == told
