"""Guessing tells nothing: not which orders exist, not whose they are, not by words, length, headers or time."""

import asyncio
import random
import re
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import cycle, islice
from typing import Any

import pytest

from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Page, Shopper
from tests.flows.order.shop import CANARY, PERSON

pytestmark = pytest.mark.anyio

TOKEN = re.compile(r'(?<=name="_csrf" value=")[0-9a-f]{64}|(?<=name="_once" value=")[0-9a-f-]{36}')
# Whatever of the shopper or the order could slip out of a page.
PERSONAL = (CANARY, CANARY.split("@")[0], str(PERSON.name), "Canary", "5550123", "10115", "Article", "20.00")
Seen = tuple[int, str, int, str | None]
LOOK_EVERY = 8  # how often the page is opened that every guess leads to
MAILS = "SELECT count(*) FROM mail"
STATES = "SELECT DISTINCT state FROM visit ORDER BY state"
OPEN = "SELECT count(*) FROM discrepancy"


def plain(page: Page) -> str:
    """Return a page without what differs for every browser."""
    return TOKEN.sub("", page.source)


def told(answer: Any) -> dict[str, str]:
    """Return the headers of an answer but for what differs every time."""
    return {name: value for name, value in answer.headers.items() if name.lower() not in ("date", "set-cookie")}


def guesses() -> Iterator[tuple[str, str]]:
    """Numbers that exist with what is not theirs, and numbers that do not exist with anything."""
    rng = random.Random(3)
    while True:
        number = rng.choice(["#1001", "1001", "#1002", f"#{rng.randrange(1003, 99999)}", f"R-{rng.randrange(99999)}"])
        theirs = f"{rng.randrange(10**6)}@example.com", f"0170 {rng.randrange(10**6)}", f"{rng.randrange(10**5):05}"
        known = number.lstrip("#") in ("1001", "1002")
        yield number, rng.choice(theirs if known else (*theirs, CANARY))


async def guess(
    counter: Counter, shopper: Shopper, number: str, contact: str, address: str, *, look: bool
) -> tuple[Any, Page | None]:
    """Ask for an order as `address` and return the bare answer and, if it is looked at, the page it leads to."""
    form = shopper.page.form(counter.base)
    answer = await shopper.post(
        form.action, {**form.fields, "number": number, "contact": contact}, **{"X-Forwarded-For": address}
    )
    if not look:
        return answer, None
    start, page = shopper.page, await shopper.open("/code")
    shopper.page = start
    return answer, page


async def guess_many(counter: Counter, n: int, *, browsers: int) -> set[Seen]:
    """Guess n times and return everything that differed: status, where it led, its length, what the page there said."""
    tries, seen = list(islice(guesses(), n)), set[Seen]()

    async def one_browser(share: Sequence[tuple[int, tuple[str, str]]]) -> None:
        shopper = await counter.browser()
        await shopper.open()
        for i, (number, contact) in share:
            address = f"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}"
            answer, page = await guess(counter, shopper, number, contact, address, look=i // browsers % LOOK_EVERY == 0)
            told_by_page = plain(page) if page else None
            seen.add((answer.status_code, answer.headers["location"], len(answer.content), told_by_page))

    shares = [list(enumerate(tries))[b::browsers] for b in range(browsers)]
    await asyncio.gather(*(one_browser(share) for share in shares))
    return seen


async def confirm_nothing(counter: Counter, seen: set[Seen]) -> None:
    assert {(status, where) for status, where, _, _ in seen} == {(303, f"{counter.base}/code")}
    assert len({length for _, _, length, _ in seen}) == 1
    (text,) = {text for *_, text in seen if text is not None}
    assert [personal for personal in PERSONAL if personal in text] == []
    async with counter.database.tx(counter.tenant_id) as db:
        assert await db.fetchval(MAILS) == 0
        assert await db.fetchval(OPEN) == 0


async def test_three_hundred_guesses_learn_nothing_and_send_nothing(counter: Counter) -> None:
    seen = await guess_many(counter, 300, browsers=6)
    await confirm_nothing(counter, seen)

    await counter.work()

    await confirm_nothing(counter, seen)
    async with counter.database.tx(counter.tenant_id) as db:
        assert {row["state"] for row in await db.fetch(STATES)} <= {"asked", "unmatched"}  # asked: its turn comes later


@pytest.mark.prove
async def test_ten_thousand_guesses_confirm_no_order_and_leak_no_byte(counter: Counter) -> None:
    seen = await guess_many(counter, 10_000, browsers=40)
    await counter.work()

    await confirm_nothing(counter, seen)


@pytest.mark.parametrize("worker", [False, True])
async def test_an_order_that_exists_and_one_that_does_not_are_answered_alike(counter: Counter, worker: bool) -> None:
    answers = []
    for number in ("#1001", "#4711"):
        shopper = await counter.browser()
        await shopper.open()
        form = shopper.page.form(counter.base)
        posted = await shopper.post(form.action, {**form.fields, "number": number, "contact": CANARY})
        if worker:
            await counter.work()
        page = await shopper.open("/code")
        wrong = await shopper.send("/code", code="00000000")
        again = await shopper.send("/again")
        answers.append(
            (posted.status_code, told(posted), len(posted.content), page.status, told(page), plain(page),
             wrong.status, told(wrong), plain(wrong), again.status, re.sub(r"\d+ seconds", "", plain(again)))
        )  # fmt: skip

    assert answers[0] == answers[1]


def above(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return how often a time of ours is above one of theirs: one half when nobody can tell them apart."""
    pairs = [(a > b) + (a == b) / 2 for a in ours for b in theirs]
    return sum(pairs) / len(pairs)


async def test_the_time_of_an_answer_tells_nothing(counter: Counter) -> None:
    """120 questions of each kind, one after the other in turns: by chance alone the figure stays within 0.5 ± 0.15."""
    times: dict[str, list[float]] = {"#1001": [], "#4711": []}
    shopper = await counter.browser()
    await shopper.open()
    form = shopper.page.form(counter.base)
    rng, order = random.Random(7), [*times] * 125
    rng.shuffle(order)
    for n, number in enumerate(order):
        fields = {**form.fields, "number": number, "contact": f"{n}@example.com"}
        began = time.perf_counter()
        answer = await shopper.post(form.action, fields, **{"X-Forwarded-For": f"10.9.{n >> 8}.{n & 255}"})
        took = time.perf_counter() - began
        assert answer.status_code == 303
        if n >= 10:  # the first ones warm caches
            times[number].append(took)

    assert 0.35 < above(times["#1001"], times["#4711"]) < 0.65


async def test_the_time_of_a_wrong_code_tells_nothing(counter: Counter) -> None:
    times: dict[str, list[float]] = {"#1001": [], "#4711": []}
    for n, number in enumerate(islice(cycle(times), 24)):
        shopper = await counter.browser(x_forwarded_for=f"10.8.0.{n}")
        await shopper.open()
        await shopper.send(counter.base, number=number, contact=CANARY)
        await counter.work()
        counter.clock.ahead += timedelta(minutes=1)  # so that the next code of the order is not slowed
        form = shopper.page.form("/code")
        for _ in range(5):
            began = time.perf_counter()
            await shopper.post(form.action, {**form.fields, "code": "00000000"})
            if n >= 2:
                times[number].append(time.perf_counter() - began)

    assert 0.25 < above(times["#1001"], times["#4711"]) < 0.75  # 55 tries of each kind


async def test_a_code_is_tried_five_times_and_then_the_right_one_is_wrong_too(counter: Counter) -> None:
    shopper = await counter.browser()
    await counter.ask(shopper)
    right = await counter.code()
    wrong = str((int(right) + 1) % 10**8).rjust(8, "0")

    said = [(await shopper.send("/code", code=wrong)).text for _ in range(5)]
    last = await shopper.send("/code", code=right)

    assert ["You have 4 more tries." in said[0], "You have 1 more try." in said[3]] == [True, True]
    assert "it was the last try" in said[4]
    assert (last.status, last.path) == (422, "code")


async def test_a_code_does_not_work_in_another_browser(counter: Counter) -> None:
    victim, thief = await counter.browser(), await counter.browser()
    await counter.ask(victim)
    code = await counter.code()
    await counter.ask(thief, "#4711")

    assert (await thief.send("/code", code=code)).status == 422
    assert (await victim.send("/code", code=code)).path == "items"


async def test_a_token_that_was_planted_before_the_proof_is_worth_nothing_after_it(counter: Counter) -> None:
    shopper = await counter.browser()
    await counter.ask(shopper)
    planted = dict(shopper.http.cookies)
    await shopper.send("/code", code=await counter.code())

    attacker = await counter.browser()
    attacker.http.cookies.update(planted)

    assert (await attacker.open("/items")).heading == "Start a return"
    assert (await shopper.open("/items")).heading == "What is going back?"


async def test_one_address_is_slowed_and_told_when_to_come_back(counter: Counter) -> None:
    shopper = await counter.browser(x_forwarded_for="203.0.113.9")
    await shopper.open()
    form = shopper.page.form(counter.base)
    statuses = [
        (await shopper.post(form.action, {**form.fields, "number": f"#{n}", "contact": "x"})).status_code
        for n in range(26)
    ]

    assert statuses == [303] * 25 + [429]
    slowed = await shopper.post(form.action, {**form.fields, "number": "#1001", "contact": CANARY})
    assert 0 < int(slowed.headers["retry-after"]) <= 12
    assert "Many orders were asked for from your network." in slowed.text
    elsewhere = await counter.browser(x_forwarded_for="203.0.113.10")
    assert (await counter.let_in(elsewhere)).page.path == "items"
