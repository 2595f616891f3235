"""The article of an exchange is chosen from the shop's catalogue, priced, confirmed, changed and at last ordered."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.core.article import FRESH, KEPT, Question
from retour.core.errors import Refused
from retour.core.policy.outcome import ExchangeItems, ExchangeTerms
from retour.core.ports import Article, Credential, Unreachable
from retour.flows import catalogue, rma
from retour.flows import exchange as flow
from retour.store import article as articles
from retour.store import exchange_order as rows
from retour.store.article import Asked
from retour.store.order import OrderRecord
from tests.stories.house import House, Units, now
from tests.stories.test_exchange_orders import K, new_order, opened, terms

pytestmark = pytest.mark.anyio
VARIANT = terms()


def variants_only(**more: Any) -> ExchangeTerms:
    return ExchangeTerms(items=ExchangeItems.VARIANT, price=VARIANT.price, **more)


async def answered(house: House, ask_id: UUID, **more: Any) -> None:
    """Do what the job of a question does, with the house's connector."""

    async def read(_: UUID, question: Question, said: str, country: str | None) -> tuple[Article, ...]:
        at = Credential(house.address, house.secret)
        if question is Question.VARIANTS:
            return await house.connector.variants_of(at, product_ref=said, country=country)
        return await house.connector.search_articles(at, words=said, country=country)

    how: dict[str, Any] = {"read": read, "clock": now} | more
    await catalogue.answer(house.web, tenant_id=house.tenant, ask_id=ask_id, **how)


async def on_sale(house: House, order: OrderRecord) -> dict[str, Article]:
    """Ask the shop for the variants of the order's first line and return them by SKU."""
    asked = await variants(house, order)
    await answered(house, asked.id)
    found = await variants(house, order)
    assert found.articles is not None
    return {one.sku or "": one for one in found.articles}


async def variants(house: House, order: OrderRecord, at: Any = None) -> Asked:
    product = order.order.lines[0].product.ref
    assert product is not None
    async with house.web.tx(house.tenant) as db:
        found = await catalogue.variants(
            db, connection_id=house.connection, product_ref=product, country=order.order.country, now=at or now()
        )
    assert found is not None
    return found


def wish_for(order: OrderRecord, article: str | None, units: int = 1) -> rma.Wish:
    return rma.Wish(order.order.lines[0].ref, units, "too_small", resolution=K.EXCHANGE.value, article=article)


async def quoted(house: House, order: OrderRecord, wishes: Sequence[rma.Wish]) -> Any:
    async with house.web.tx(house.tenant) as db:
        asking = rma.Asking(house.store, order.id, tuple(wishes), "portal")
        judged = await rma.judge(db, asking, now=now(), policies=house.policies, lock=False)
        return await rma.swap_of(db, judged, wishes, now=now())


async def returns(house: House) -> int:
    (n,) = await house.row("SELECT count(*) FROM rma")
    return int(n)


async def test_what_was_chosen_and_confirmed_is_what_the_shop_orders(house: House) -> None:
    await opened(house, variants_only())
    order = await house.an_order()
    large = (await on_sale(house, order))["RT-TEE-BLK-XL"]
    wish = wish_for(order, large.ref)

    swap = await quoted(house, order, [wish])
    rma_id = await house.ask(order, [wish], swap_hash=swap.hash)

    assert (swap.collect, swap.pay_back) == (2290 - 1999, 0)
    async with house.web.tx(house.tenant) as db:
        (chosen,) = (await articles.chosen(db, rma_id)).values()
    assert (chosen.article, chosen.title, chosen.actor) == (large.ref, "Organic tee, black, XL", "shopper")
    assert chosen.shown is not None
    assert (chosen.shown.price_minor, chosen.shown.currency) == (2290, "EUR")

    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    made = await new_order(house, rma_id)
    assert [(one.ref, one.title) for one in made.articles] == [(large.ref, "Organic tee, black, XL")]
    assert made.figures is not None
    assert (made.state.value, made.figures.collect.presentment) == ("unpaid", swap.collect)


async def test_what_cannot_be_had_as_it_was_shown_is_refused_and_nothing_is_opened(house: House) -> None:
    await opened(house, variants_only())
    order = await house.an_order()
    shelf = await on_sale(house, order)
    async with house.web.tx(house.tenant) as db:
        ask_id = await articles.ask(
            db, connection_id=house.connection, question=Question.SEARCH, said="lamp", country=order.order.country,
            again=timedelta(), now=now(),
        )  # fmt: skip
    assert ask_id is not None
    await answered(house, ask_id)
    async with house.web.tx(house.tenant) as db:
        found = await articles.get(db, connection_id=house.connection, ask_id=ask_id)
    assert found is not None
    assert found.articles is not None
    good = await quoted(house, order, [wish_for(order, shelf["RT-TEE-BLK-L"].ref)])
    tampered = [
        (wish_for(order, found.articles[0].ref), good.hash, "exchange_not_offered"),
        (wish_for(order, shelf["RT-TEE-BLK-XXL"].ref), good.hash, "out_of_stock"),
        (wish_for(order, "gid://shopify/ProductVariant/1"), good.hash, "article_unknown"),
        (wish_for(order, shelf["RT-TEE-BLK-XL"].ref), good.hash, "price_changed"),
        (wish_for(order, shelf["RT-TEE-BLK-L"].ref), "", "price_changed"),
        (wish_for(order, None), good.hash, "article_unknown"),
    ]
    for wish, shown, code in tampered:
        with pytest.raises(Refused) as no:
            await house.ask(order, [wish], swap_hash=shown)
        assert no.value.code == code

    paid = rma.Wish(order.order.lines[0].ref, 1, "too_small", article=shelf["RT-TEE-BLK-L"].ref)
    with pytest.raises(Refused) as no:
        await house.ask(order, [paid])
    assert (no.value.code, no.value.field) == ("not_an_exchange", "lines[0].article")
    assert await returns(house) == 0


async def test_another_price_than_the_one_that_was_shown_is_shown_first(house: House) -> None:
    await opened(house, variants_only())
    order = await house.an_order()
    shelf = await on_sale(house, order)
    wish = wish_for(order, shelf["RT-TEE-BLK-L"].ref)
    before = await quoted(house, order, [wish])
    async with house.web.tx(house.tenant) as db:  # the shop is asked again meanwhile, and says another price
        await db.execute(
            "UPDATE catalogue_ask SET articles = (SELECT jsonb_agg(a || '{\"price_minor\": 2490}') FROM"
            " jsonb_array_elements(articles) a) WHERE tenant_id = current_tenant()"
        )

    with pytest.raises(Refused) as no:
        await house.ask(order, [wish], swap_hash=before.hash)
    after = await quoted(house, order, [wish])

    assert (no.value.code, no.value.status, await returns(house)) == ("price_changed", 409, 0)
    assert (before.pay_back, after.collect) == (9, 2490 - 1999)


async def test_the_article_is_changed_until_it_is_ordered_and_not_by_others(house: House) -> None:
    await opened(house, variants_only())
    order, other = await house.an_order(), await house.an_order()
    shelf = await on_sale(house, order)
    small, large = shelf["RT-TEE-BLK-S"], shelf["RT-TEE-BLK-L"]
    rma_id = await house.ask(order, [wish_for(order, None)])
    line = (await house.see(rma_id)).rma.lines[0]

    async def choose(article: Article, **more: Any) -> None:
        said = {"order_id": order.id, "price_minor": article.price_minor, "line_id": line.id} | more
        await house.do(
            lambda db: flow.choose(
                db, rma_id=rma_id, article=article.ref, actor="shopper:1", now=now(), policies=house.policies, **said
            )
        )

    await choose(small)
    await choose(large)
    for article, more, code in [
        (small, {"order_id": other.id}, "return_not_found"),
        (small, {"price_minor": 1}, "price_changed"),
        (small, {"line_id": rma_id}, "return_line_not_found"),
        (shelf["RT-TEE-BLK-XXL"], {}, "out_of_stock"),
    ]:
        with pytest.raises(Refused) as no:
            await choose(article, **more)
        assert no.value.code == code
    async with house.web.tx(house.tenant) as db:
        (chosen,) = (await articles.chosen(db, rma_id)).values()
    assert (chosen.article, chosen.title) == (large.ref, "Organic tee, black, L")

    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    with pytest.raises(Refused) as no:
        await choose(small)
    async with house.web.tx(house.tenant) as db:
        found = await flow.changeable(db, rma_id=rma_id, policies=house.policies)
        (made,) = await rows.list_of_rma(db, rma_id)

    assert (no.value.code, found.lines) == ("exchange_under_way", ())
    assert [one.ref for one in made.articles] == [large.ref]


async def test_what_the_merchant_was_asked_to_carry_out_is_not_changed_by_the_shopper(house: House) -> None:
    await opened(house, variants_only())
    order = await house.an_order()
    small = (await on_sale(house, order))["RT-TEE-BLK-S"]
    rma_id = await house.ask(order, [wish_for(order, None)])
    line = (await house.see(rma_id)).rma.lines[0]
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    with pytest.raises(Refused) as no:
        await house.do(
            lambda db: flow.choose(
                db, rma_id=rma_id, order_id=order.id, line_id=line.id, article=small.ref, price_minor=1990,
                actor="shopper:1", now=now(), policies=house.policies,
            )
        )  # fmt: skip

    async with house.web.tx(house.tenant) as db:
        assert (await articles.chosen(db, rma_id), await rows.list_of_rma(db, rma_id)) == ({}, [])
    assert no.value.code == "exchange_under_way"


async def test_what_staff_name_afterwards_has_no_title_of_what_was_chosen_before(house: House) -> None:
    await opened(house, variants_only())
    order = await house.an_order()
    large = (await on_sale(house, order))["RT-TEE-BLK-L"]
    wish = wish_for(order, large.ref)
    rma_id = await house.ask(order, [wish], swap_hash=(await quoted(house, order, [wish])).hash)
    line = (await house.see(rma_id)).rma.lines[0]

    await house.do(
        lambda db: flow.want(db, rma_id=rma_id, line_id=line.id, article="RT-TEE-BLK-S", actor="staff:1", now=now())
    )

    async with house.web.tx(house.tenant) as db:
        (chosen,) = (await articles.chosen(db, rma_id)).values()
    assert (chosen.article, chosen.title, chosen.actor, chosen.shown) == (
        "RT-TEE-BLK-S",
        "RT-TEE-BLK-S",
        "staff:1",
        None,
    )


# --- asking the shop ------------------------------------------------------------------------------------------------------


async def test_a_question_is_asked_once_while_its_answer_is_fresh_and_its_words_are_gone_with_it(house: House) -> None:
    await opened(house)
    order = await house.an_order()
    first, again = await variants(house, order), await variants(house, order)
    assert (first.waits, again.id) == (True, first.id)

    await answered(house, first.id)
    told = await variants(house, order)
    later = now() + FRESH + timedelta(seconds=1)
    asked_anew = await variants(house, order, at=later)

    assert told.articles is not None
    assert (len(told.articles), told.waits) == (5, False)
    assert (asked_anew.id, asked_anew.waits) == (first.id, True)
    await answered(house, first.id, clock=lambda: later)
    (
        said,
        articles_,
    ) = await house.row("SELECT question, articles IS NOT NULL FROM catalogue_ask")
    assert (said, articles_) == (None, True)


async def test_a_shop_that_cannot_be_reached_is_tried_for_a_while_then_given_up_and_asked_anew(house: House) -> None:
    await opened(house)
    order = await house.an_order()
    asked = await variants(house, order)

    async def read(*_: Any) -> tuple[Article, ...]:
        raise Unreachable("down", retry_after_s=5.0)

    await answered(house, asked.id, read=read)
    assert (await variants(house, order)).waits
    over = now() + timedelta(minutes=3)
    await answered(house, asked.id, read=read, clock=lambda: over)
    given_up = await variants(house, order, at=over)
    anew = await variants(house, order, at=over + timedelta(minutes=1))

    assert (given_up.problem, given_up.waits) == ("unreachable", False)
    assert (anew.problem, anew.waits) == (None, True)


async def test_an_answer_is_forgotten_within_the_hour_and_is_believed_for_minutes_alone(house: House) -> None:
    await opened(house)
    order = await house.an_order()
    large = (await on_sale(house, order))["RT-TEE-BLK-L"]

    async def known(at: Any) -> set[str]:
        async with house.web.tx(house.tenant) as db:
            return set(
                await articles.known(
                    db, connection_id=house.connection, country=order.order.country, refs=[large.ref], now=at
                )
            )

    assert (await known(now()), await known(now() + FRESH)) == ({large.ref}, set())
    async with house.web.tx(house.tenant) as db:
        await articles.forget(db, at=now() + KEPT)
    assert list(await house.row("SELECT count(*) FROM catalogue_ask")) == [0]


async def test_a_shopper_searches_so_often_and_not_without_words(house: House) -> None:
    await opened(house)
    order = await house.an_order()

    async def search(words: str, visit: int = 1) -> UUID:
        async with house.web.tx(house.tenant) as db:
            return await catalogue.search(
                db, house.vault, tenant_id=house.tenant, who=UUID(int=visit), connection_id=house.connection,
                words=words, country=order.order.country, now=now(),
            )  # fmt: skip

    codes = []
    for words in ["  ", "***", "x" * 81]:
        with pytest.raises(Refused) as no:
            await search(words)
        codes.append(no.value.code)
    assert codes == ["nothing_given", "nothing_given", "text_too_long"]

    asked = [await search(f"tee {n}") for n in range(20)]
    with pytest.raises(Refused) as no:
        await search("one more")
    assert len(set(asked)) == 20
    assert (no.value.code, 1 <= int(str(no.value.facts["wait_s"])) <= 10) == ("too_many_requests", True)
    assert await search("TEE  3", visit=2) == asked[3]
