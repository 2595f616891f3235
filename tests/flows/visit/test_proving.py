"""Proving an order: five tries, ten minutes, once, in one browser; or a signed link."""

import asyncio
from urllib.parse import parse_qsl, urlsplit

import pytest

from retour.core import link as links
from retour.core.errors import Refused
from retour.core.visit import CodeAnswer, Tried, VisitState
from retour.flows import visit as flow
from retour.store import discrepancy
from retour.store import visit as visits
from tests.flows.order.shop import an_order, fetched
from tests.flows.visit.conftest import Counter, sha256, without_mail

pytestmark = pytest.mark.anyio


def another(code: str) -> str:
    return code[:-1] + str((int(code[-1]) + 1) % 10)


async def test_the_code_proves_the_order_and_gives_the_browser_a_new_token(counter: Counter) -> None:
    saved = await counter.order()
    visit = await counter.ask()

    tried = await counter.type(visit, f" {counter.code[:4]} {counter.code[4:]} ")

    assert tried == Tried(CodeAnswer.FITS)
    assert await counter.visit("one") is None
    proven = await counter.visit("two")
    assert proven is not None
    assert (proven.state, proven.order_id, proven.proven_by) == (VisitState.PROVEN, saved.record.id, "code")
    assert proven.asked_sealed is None


async def test_five_wrong_codes_end_it_for_the_right_one_too(counter: Counter) -> None:
    await counter.order()
    visit = await counter.ask()

    said = [await counter.type(visit, another(counter.code)) for _ in range(6)]

    assert said == [Tried(CodeAnswer.WRONG, left) for left in (4, 3, 2, 1)] + [Tried(CodeAnswer.SPENT)] * 2
    assert (await counter.type(visit, counter.code)).answer is CodeAnswer.SPENT
    assert await counter.visit("two") is None


async def test_codes_typed_at_once_are_counted_one_by_one(counter: Counter) -> None:
    await counter.order()
    visit = await counter.ask()

    said = await asyncio.gather(*(counter.type(visit, another(counter.code)) for _ in range(12)))

    assert sum(one.answer is CodeAnswer.WRONG for one in said) == 4
    assert sum(one.answer is CodeAnswer.SPENT for one in said) == 8


async def test_an_order_that_does_not_exist_answers_in_the_same_way(counter: Counter) -> None:
    await counter.order()
    there = await counter.ask(browser="there")
    nowhere = await counter.ask("#4711", browser="nowhere")

    right = [await counter.type(there, another(counter.code)) for _ in range(6)]
    wrong = [await counter.type(nowhere, "00000000") for _ in range(6)]

    assert right == wrong


async def test_a_code_is_over_after_ten_minutes(counter: Counter) -> None:
    await counter.order()
    visit = await counter.ask()
    counter.later(minutes=10)

    assert (await counter.type(visit, counter.code)).answer is CodeAnswer.EXPIRED


async def test_a_code_proves_once(counter: Counter) -> None:
    await counter.order()
    visit = await counter.ask()

    said = await asyncio.gather(*(counter.type(visit, counter.code, new=f"new{n}") for n in range(4)))

    assert sum(one.answer is CodeAnswer.FITS for one in said) == 1


async def test_a_code_does_not_work_in_another_browser(counter: Counter) -> None:
    await counter.order()
    await counter.ask(browser="victim")
    code = counter.code
    thief = await counter.ask("#4711", browser="thief")

    assert (await counter.type(thief, code)).answer is CodeAnswer.WRONG


async def test_answers_about_another_order_are_dropped_with_the_proof(counter: Counter) -> None:
    saved = await counter.order()
    for kept in (str(saved.record.id), "another"):
        visit = await counter.ask()
        await counter.do(lambda db, v=visit, k=kept: visits.answer(db, v.id, {"order_id": k, "n": 1}, at=counter.now))
        await counter.type(visit, counter.code, new=kept)
        proven = await counter.visit(kept)
        assert proven is not None
        assert bool(proven.answers) is (kept != "another")
        await counter.do(lambda db, v=visit: flow.close(db, visit_id=v.id, now=counter.now))
        counter.later(minutes=2)


# --- signed links ------------------------------------------------------------------------------------------------------


async def follow(counter: Counter, address: str, *, new: str = "new", old: str | None = None) -> VisitState:
    link = links.read(**dict(parse_qsl(urlsplit(address).query)))
    assert link is not None
    return await counter.do(
        lambda db: flow.follow_link(
            db, counter.vault, tenant_id=counter.shop.tenant_id, store_id=counter.shop.store_id, link=link,
            old_token_sha256=sha256(old) if old else None, new_token_sha256=sha256(new), language="en", now=counter.now,
        )
    )  # fmt: skip


async def made(counter: Counter, order: str, *, days: int = 30) -> str:
    return await counter.do(
        lambda db: flow.portal_link(
            db, counter.vault, tenant_id=counter.shop.tenant_id, store_id=counter.shop.store_id, order=order,
            public_url="https://returns.example", now=counter.now, days=days,
        )
    )  # fmt: skip


@pytest.mark.parametrize("by_id", [False, True])
async def test_a_signed_link_proves_its_order(counter: Counter, by_id: bool) -> None:
    saved = await counter.order()
    address = await made(counter, str(saved.record.id) if by_id else "#1001")
    assert address.startswith("https://returns.example/returns/shop-")

    assert await follow(counter, address) is VisitState.PROVEN

    visit = await counter.visit("new")
    assert visit is not None
    assert (visit.order_id, visit.proven_by) == (saved.record.id, "link")


async def test_a_link_that_is_over_or_altered_proves_nothing(counter: Counter) -> None:
    await counter.order()
    address = await made(counter, "#1001", days=1)

    for changed in (address.replace("1001", "1002"), address[:-1] + ("0" if address[-1] != "0" else "1")):
        with pytest.raises(Refused, match="altered"):
            await follow(counter, changed)
    counter.later(days=1, seconds=1)
    with pytest.raises(Refused, match="over"):
        await follow(counter, address)
    assert await counter.visit("new") is None


async def test_new_links_make_the_old_ones_worthless(counter: Counter) -> None:
    from retour.flows import look

    await counter.order()
    address = await made(counter, "#1001")
    await counter.do(lambda db: look.new_links(db, store_id=counter.shop.store_id, actor="staff", now=counter.now))

    with pytest.raises(Refused):
        await follow(counter, address)
    assert await follow(counter, await made(counter, "#1001")) is VisitState.PROVEN


async def test_a_name_that_two_orders_share_opens_neither(counter: Counter) -> None:
    await counter.order()
    await counter.order(ref="gid://order/other")

    state = await follow(counter, await made(counter, "#1001"))

    assert state is VisitState.FETCHING


async def test_a_link_may_come_before_its_order(counter: Counter) -> None:
    counter.far["#2001"] = fetched(an_order(ref="gid://order/2001", name="#2001"))
    assert await follow(counter, await made(counter, "#2001")) is VisitState.FETCHING
    visit = await counter.visit("new")
    assert visit is not None

    await counter.look_up(visit.id)

    after = await counter.visit("new")
    assert after is not None
    assert (after.state, after.proven_by) == (VisitState.PROVEN, "link")
    assert counter.sent == []


async def test_a_link_to_an_order_that_nobody_knows_ends_as_missing(counter: Counter) -> None:
    await follow(counter, await made(counter, "#2001"))
    visit = await counter.visit("new")
    assert visit is not None

    await counter.look_up(visit.id)

    after = await counter.visit("new")
    assert after is not None
    assert after.state is VisitState.MISSING


async def test_a_link_keeps_what_the_browser_had_answered(counter: Counter) -> None:
    saved = await counter.order()
    visit = await counter.ask(browser="old")
    answers = {"order_id": str(saved.record.id), "lines": []}
    await counter.do(lambda db: visits.answer(db, visit.id, answers, at=counter.now))

    await follow(counter, await made(counter, "#1001"), old="old")

    assert await counter.visit("old") is None
    kept = await counter.visit("new")
    assert kept is not None
    assert kept.answers == answers


async def test_a_link_answers_the_question_that_staff_was_asked(counter: Counter) -> None:
    saved = await counter.order(without_mail())
    await counter.ask(contact="0170 5550123")

    await follow(counter, await made(counter, "#1001"))

    async with counter.database.tx(counter.shop.tenant_id) as db:
        assert await discrepancy.list_open(db, resource_id=saved.record.id) == []
