"""Asking a source: one page at a time, and whatever is no page is told as not reached."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from retour.connectors.feed.client import FeedClient
from retour.connectors.http import Http
from retour.core.ports import Pulled, Unreachable
from tests.connectors.far_side import far_side, http

SINCE = datetime(2026, 2, 28, 10, tzinfo=UTC)


def pull(
    answer: bytes, *, cursor: str | None = None, token: str = "secret"
) -> tuple[Pulled | Unreachable, str, str | None]:
    """Return what came of one question, the path that was asked and the token it carried."""

    async def story() -> tuple[Pulled | Unreachable, str, str | None]:
        async with far_side(lambda _: answer) as side, Http(internal=True) as way:
            try:
                found: Pulled | Unreachable = await FeedClient(way).pull(
                    url=f"{side.url}/returns?shop=1", token=token, since=SINCE, cursor=cursor
                )
            except Unreachable as far:
                found = far
            asked = side.asked[0]
            return found, asked.path, asked.headers.get("authorization")

    return asyncio.run(story())


def test_a_page_is_asked_for_with_its_cursor_and_token() -> None:
    found, path, token = pull(http(b'{"items": [{"id": "\xc3\xa4"}], "next": "c2"}'), cursor="c 1")

    assert found == Pulled(('{"id": "ä"}'.encode(),), "c2")
    assert path == "/returns?shop=1&since=2026-02-28T10%3A00%3A00Z&cursor=c+1"
    assert token == "Bearer secret"


def test_the_last_page_has_nothing_after_it_and_no_token_is_none() -> None:
    found, path, token = pull(http(b'{"items": []}'), token="")

    assert (found, token) == (Pulled(()), None)
    assert "cursor" not in path


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"items": 1}', b'{"items": [], "next": 1}', json.dumps({"items": [1] * 501}).encode(),
     b'{"items": [], "next": "a\\u0000"}', b'{"items": [], "next": "\\ud800"}',
     json.dumps({"items": [], "next": "a" * 2_001}).encode(),
     b'{"items": [' + b"[" * 900 + b"]" * 900 + b"]" * 90_000 + b"}"],
)  # fmt: skip
def test_what_is_no_page_is_not_reached(body: bytes) -> None:
    found, _, _ = pull(http(body))

    assert isinstance(found, Unreachable)
    assert not found.needs_reconnect


def test_a_cursor_that_is_not_known_any_more_is_told_as_lost() -> None:
    gone, _, _ = pull(http(b"", status=410), cursor="c1")
    down, _, _ = pull(http(b"", status=503), cursor="c1")
    away, _, _ = pull(http(b"", status=404))

    assert [isinstance(one, Unreachable) and one.cursor_lost for one in (gone, down, away)] == [True, False, False]


def test_a_refused_token_asks_for_a_person_and_a_wait_is_kept() -> None:
    refused, _, _ = pull(http(b"", status=401))
    busy, _, _ = pull(http(b"", status=429, headers={"Retry-After": "90"}))

    assert isinstance(refused, Unreachable)
    assert refused.needs_reconnect
    assert isinstance(busy, Unreachable)
    assert busy.retry_after_s == 90.0
