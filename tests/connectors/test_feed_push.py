"""Telling a return to another system: signed for the moment, the same bytes each time, and every answer weighed."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks import Webhook

from retour.connectors.feed.push import FeedPush
from retour.connectors.http import Http
from retour.core.effect import Effect, EffectKind, PushReturn
from retour.core.ports import Credential, Outcome, ReadBack, Silence, Verdict, WireAnswer
from tests.connectors.far_side import Asked, far_side, http

SECRET = "aHVzaCBodXNoIGh1c2g="
ID = UUID("0192f0c1-2b3c-7d4e-8f50-617283940516")
KEY = "0b0f3c3a-6a0c-5a3a-9d0e-000000000001"


def an_effect() -> Effect:
    return Effect(
        ID, ID, ID, EffectKind.PUSH_RETURN, f"push:{ID}", 1, KEY, 0, "R-10001 / 1",
        PushReturn({"schema": "retour.return/1", "id": str(ID), "title": "Größe"}),
    )  # fmt: skip


def pusher(way: Http) -> FeedPush:
    return FeedPush(way, clock=lambda: datetime.now(UTC))


def asked_of(*, readback: bool = False) -> Asked:
    """Return what arrives there."""

    async def story() -> Asked:
        async with far_side(lambda _: http(b"{}")) as side, Http(internal=True) as way:
            connector = pusher(way)
            at = Credential("", SECRET, {"push_url": f"{side.url}/returns/"})
            request = connector.build_readback(an_effect()) if readback else connector.build(an_effect())
            await connector.send(at, request)
            return side.asked[0]

    return asyncio.run(story())


def test_a_return_is_posted_under_its_key_and_signed() -> None:
    asked = asked_of()

    assert (asked.method, asked.path, asked.headers["idempotency-key"]) == ("POST", "/returns", KEY)
    assert Webhook(SECRET).verify(asked.body, asked.headers)
    assert asked.json == {"schema": "retour.return/1", "id": str(ID), "title": "Größe"}


def test_it_is_looked_for_by_our_id() -> None:
    asked = asked_of(readback=True)

    assert (asked.method, asked.path, asked.body) == ("GET", f"/returns/{ID}", b"")
    assert asked.headers["webhook-signature"].startswith("v1,")


def test_an_internal_address_is_refused_for_good() -> None:
    async def story() -> Outcome:
        async with Http() as way:
            connector = pusher(way)
            answer = await connector.send(
                Credential("", SECRET, {"push_url": "https://127.0.0.1/returns"}), connector.build(an_effect())
            )
            return connector.classify(an_effect(), answer)

    outcome = asyncio.run(story())
    assert (outcome.verdict, outcome.far_code) == (Verdict.REJECTED, "address")


def answer(status: int, said: Any = None, **headers: str) -> WireAnswer:
    return WireAnswer(status, headers, json.dumps(said).encode() if said is not None else b"<html>")


ANSWERS = [
    (answer(201, {"id": " EXT-1 ", "status": "requested"}), Outcome(Verdict.OK, far_id="EXT-1", result={"status": "requested"})),
    (answer(200, {"id": "EXT-1"}), Outcome(Verdict.OK, far_id="EXT-1")),
    (answer(200, {"id": 1}), Outcome(Verdict.UNKNOWN, far_code="no_id", message="the answer names no id")),
    (answer(200, {"id": "x" * 201}), Outcome(Verdict.UNKNOWN, far_code="no_id", message="the answer names no id")),
    (answer(200, {"id": "a\0"}), Outcome(Verdict.UNKNOWN, far_code="no_id", message="the answer names no id")),
    (answer(200, []), Outcome(Verdict.UNKNOWN, far_code="no_id", message="the answer names no id")),
    (answer(200), Outcome(Verdict.UNKNOWN, far_code="no_id", message="the answer names no id")),
    (answer(202, {"id": "EXT-1"}), Outcome(Verdict.UNKNOWN, far_code="202")),
    (answer(302), Outcome(Verdict.REJECTED, far_code="302")),
    (answer(422, {"detail": "no such order"}), Outcome(Verdict.REJECTED, far_code="422", message="no such order")),
    (answer(400, {"message": "bad"}), Outcome(Verdict.REJECTED, far_code="400", message="bad")),
    (answer(401), Outcome(Verdict.NEEDS_RECONNECT, far_code="401")),
    (answer(403), Outcome(Verdict.NEEDS_RECONNECT, far_code="403")),
    (answer(409), Outcome(Verdict.NOT_EXECUTED, far_code="409")),
    (answer(429, **{"retry-after": "7"}), Outcome(Verdict.NOT_EXECUTED, far_code="429", retry_after_s=7.0)),
    (answer(500), Outcome(Verdict.UNKNOWN, far_code="500")),
    (WireAnswer(silence=Silence.LOST), Outcome(Verdict.UNKNOWN, far_code="no_answer")),
    (WireAnswer(silence=Silence.NOT_SENT), Outcome(Verdict.NOT_EXECUTED, far_code="not_reached")),
]  # fmt: skip


@pytest.mark.parametrize(("came", "means"), ANSWERS)
def test_every_answer_means_one_thing(came: WireAnswer, means: Outcome) -> None:
    assert pusher(Http()).classify(an_effect(), came) == means


@pytest.mark.parametrize(
    ("came", "means"),
    [
        (answer(404), ReadBack("absent")),
        (answer(200, {"id": "EXT-1"}), ReadBack("present", Outcome(Verdict.OK, far_id="EXT-1"))),
        (answer(401), ReadBack("inconclusive", Outcome(Verdict.NEEDS_RECONNECT, far_code="401"))),
        (answer(400), ReadBack("inconclusive", Outcome(Verdict.UNKNOWN, far_code="400"))),
        (WireAnswer(silence=Silence.LOST), ReadBack("inconclusive", Outcome(Verdict.UNKNOWN, far_code="no_answer"))),
    ],
)
def test_what_a_look_shows(came: WireAnswer, means: ReadBack) -> None:
    assert pusher(Http()).read_back(an_effect(), came) == means


def test_no_read_comes_before_and_a_key_is_trusted_for_half_a_day() -> None:
    connector = pusher(Http())

    assert connector.build_guard(an_effect()) is None
    assert connector.read_guard(an_effect(), answer(200)) == {}
    assert connector.records[EffectKind.PUSH_RETURN].trusted_window == timedelta(hours=12)
