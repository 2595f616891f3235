"""Saving an order: what is kept, what changes the version, and what a stale read may not do."""

from dataclasses import replace

import msgspec
import pytest

from retour.core.money import Sides
from retour.core.order import Bundle, DiscountShare, Figures, Order, Person, Product, PromotionKind, Risk
from retour.core.ports import ContactProof
from retour.store import order as orders
from retour.store.db import Database
from retour.store.order import Mirrored
from retour.store.vault import Vault
from tests.flows.order.shop import CANARY, NOON, PERSON, Shop, a_line, a_refund, an_order, fetched, later

pytestmark = pytest.mark.anyio


async def save(database: Database, vault: Vault, shop: Shop, what: object) -> Mirrored:
    async with database.tx(shop.tenant_id) as db:
        return await orders.save_mirrored(db, vault, connection_id=shop.connection_id, fetched=what, at=NOON)  # type: ignore[arg-type]


async def test_an_order_comes_back_as_it_was_saved(database: Database, vault: Vault, shop: Shop) -> None:
    saved = await save(database, vault, shop, fetched())

    assert saved.added
    assert not saved.changed
    assert saved.findings == ()
    async with database.tx(shop.tenant_id) as db:
        assert saved.record == await orders.load(db, saved.record.id) == await orders.lock(db, saved.record.id)
        assert saved.record == await orders.find_by_name(db, shop.store_id, " 1001 ")
        assert saved.record == await orders.find_by_far_ref(db, shop.connection_id, "gid://order/1")
        assert saved.record.order == an_order()
        counters = await db.fetch("SELECT ordered, fulfilled, cancelled, in_return FROM order_line_counter")
        assert [tuple(row.values()) for row in counters] == [(2, 2, 0, 0)]
        captures = await db.fetch("SELECT ref, captured_minor, external_refunded_minor FROM payment_capture")
        assert [tuple(row.values()) for row in captures] == [("cap-1", 2_000, 0)]


async def test_only_a_matching_proof_finds_an_order(database: Database, vault: Vault, shop: Shop) -> None:
    record = (await save(database, vault, shop, fetched())).record

    async def found(proof: ContactProof | None, name: str = "#1001") -> bool:
        async with database.tx(shop.tenant_id) as db:
            hit = await orders.search(db, store_id=shop.store_id, name=name, proof=proof)
            return hit is not None and hit.id == record.id

    assert await found(None)
    assert await found(ContactProof(email=f" {CANARY.upper()}"))
    assert await found(ContactProof(phone="0049 (170) 5550-123"))
    assert await found(ContactProof(postcode="10115b", email=CANARY))
    assert not await found(ContactProof(postcode="10115b", email="other@example.com"))
    assert not await found(ContactProof())
    assert not await found(ContactProof(email=CANARY), name="#1002")


async def test_the_same_order_in_another_order_is_no_change(database: Database, vault: Vault, shop: Shop) -> None:
    first = an_order(lines=(a_line(), a_line("line-2")))
    await save(database, vault, shop, fetched(first))

    lines = tuple(replace(line, taxes=line.taxes[::-1]) for line in first.lines[::-1])
    again = await save(database, vault, shop, fetched(later(first, lines=lines, tags=("vip",))))

    assert not again.changed
    assert again.record.version == 1
    assert again.record.order.tags == ("vip",)


async def test_a_refund_raises_the_version(database: Database, vault: Vault, shop: Shop) -> None:
    await save(database, vault, shop, fetched())

    again = await save(database, vault, shop, fetched(later(an_order(), refunds=(a_refund(),))))

    assert again.changed
    assert again.record.version == 2


async def test_an_older_read_never_overwrites_a_newer_one(database: Database, vault: Vault, shop: Shop) -> None:
    newer = later(an_order(), 10, total=Sides(1_500, 1_500))
    await save(database, vault, shop, fetched(newer))

    stale = await save(database, vault, shop, fetched(an_order(refunds=(a_refund(),))))

    assert stale.stale
    assert not stale.changed
    async with database.tx(shop.tenant_id) as db:
        kept = await orders.load(db, stale.record.id)
        assert kept is not None
        assert kept.order == newer
        assert await db.fetchval("SELECT sum(external_refunded_minor) FROM payment_capture") == 0


async def test_the_platforms_document_opens_only_with_the_persons_key(
    database: Database, vault: Vault, shop: Shop
) -> None:
    record = (await save(database, vault, shop, fetched())).record

    async with database.tx(shop.tenant_id) as db:
        assert await orders.raw(db, vault, record.id) == fetched().raw
        assert await orders.load_person(db, record.person_id) == replace(PERSON, postcode="10115b", ship_to=None)
        stored = await db.fetchrow("SELECT document::text AS document, raw_sealed FROM sales_order")
        assert stored is not None
        assert CANARY not in stored["document"]
        assert CANARY.encode() not in stored["raw_sealed"]


async def test_an_erased_person_is_never_filled_in_again(database: Database, vault: Vault, shop: Shop) -> None:
    record = (await save(database, vault, shop, fetched())).record
    async with database.tx(shop.tenant_id) as db:
        await db.execute(
            "UPDATE person SET name = NULL, email = NULL, email_folded = NULL, phone = NULL, phone_digits = NULL,"
            " postcode_folded = NULL, sealed_key = ''::bytea, erased_at = $1",
            NOON,
        )
        await db.execute("UPDATE sales_order SET raw_sealed = NULL")

    again = await save(database, vault, shop, fetched(later(an_order(), total=Sides(1, 1))))

    assert again.record.person_id == record.person_id
    async with database.tx(shop.tenant_id) as db:
        assert await orders.raw(db, vault, record.id) is None
        assert await orders.load_person(db, record.person_id) == Person(ref="cust-1")


async def test_a_shopper_has_one_row_and_a_guest_order_its_own(database: Database, vault: Vault, shop: Shop) -> None:
    guest = Person(email="guest@example.com")
    a = (await save(database, vault, shop, fetched())).record
    b = (await save(database, vault, shop, fetched(an_order(ref="2", name="#2")))).record
    c = (await save(database, vault, shop, fetched(an_order(ref="3", name="#3"), person=guest))).record
    again = (await save(database, vault, shop, fetched(later(c.order), person=guest))).record

    assert a.person_id == b.person_id != c.person_id == again.person_id
    async with database.tx(shop.tenant_id) as db:
        assert await db.fetchval("SELECT count(*) FROM person") == 2


async def test_nul_characters_are_shown_and_not_refused(database: Database, vault: Vault, shop: Shop) -> None:
    odd = an_order(name="#10\0", lines=(replace(a_line("l\0"), title="a\0b"),), fulfilments=())

    record = (await save(database, vault, shop, fetched(odd, person=Person(name="x\0y", tags=("t\0",))))).record

    assert record.order.lines[0].title == "a\ufffdb"
    async with database.tx(shop.tenant_id) as db:
        assert await orders.load(db, record.id) == record
        assert await orders.find_by_name(db, shop.store_id, "#10\0") == record


def test_decoding_an_order_costs_less_than_60_microseconds() -> None:
    order = an_order(lines=tuple(a_line(f"line-{n}") for n in range(5)))
    text = orders.encode(order)

    import time

    fastest = min(_timed(text, time.perf_counter) for _ in range(200))

    assert orders.decode(text) == order
    assert fastest < 60e-6
    with pytest.raises(msgspec.ValidationError):
        orders.decode(text.replace('"quantity":2', '"quantity":"2"'))


def _timed(text: str, clock: object) -> float:
    start = clock()  # type: ignore[operator]
    orders.decode(text)
    return clock() - start  # type: ignore[operator, no-any-return]


# What a policy may ask about and orders were kept without at first.
LATER_TOLD = ("province", "channel", "app", "company", "risk", "failed_payments")
LATER_TOLD_OF_LINES = ("bundle", "weight_g", "properties")


def told(**changes: object) -> Order:
    """Return the order with everything told that policies may ask about."""
    line = replace(
        a_line(),
        bundle=Bundle("Set", 2, "SET"),
        weight_g=415,
        properties=("Engraving",),
        discounts=(DiscountShare("SPRING", Sides(100, 100), PromotionKind.CODE),),
        product=Product("P1", "Shirt", "Loom", ("linen",), ("summer",)),
    )
    order = an_order(
        lines=(line,), province="BY", channel="pos", app="POS", company=True, risk=Risk.HIGH, failed_payments=2
    )
    return replace(order, **changes)  # type: ignore[arg-type]


async def test_what_a_policy_may_ask_about_is_kept(database: Database, vault: Vault, shop: Shop) -> None:
    person = replace(PERSON, tags=("vip",), home_country="AT", figures=Figures(7, 81_240, NOON))

    saved = await save(database, vault, shop, fetched(told(), person=person))

    async with database.tx(shop.tenant_id) as db:
        record = await orders.load(db, saved.record.id)
        assert record is not None
        assert record.order == told()
        kept = await orders.load_person(db, record.person_id)
        assert kept == replace(person, postcode="10115b", ship_to=None)  # the address of a parcel stays with its order
        assert await db.fetchval("SELECT failed_payments FROM sales_order") == 2


async def test_an_order_kept_before_these_were_asked_for_still_loads_and_is_filled_in_without_a_new_version(
    database: Database, vault: Vault, shop: Shop
) -> None:
    saved = await save(database, vault, shop, fetched(told()))
    async with database.tx(shop.tenant_id) as db:
        document = await db.fetchval("SELECT document FROM sales_order")
        for name in LATER_TOLD:
            del document[name]
        for name in LATER_TOLD_OF_LINES:
            del document["lines"][0][name]
        del document["lines"][0]["discounts"][0]["kind"]
        del document["lines"][0]["product"]["collections"]
        await db.execute("UPDATE sales_order SET document = $1, failed_payments = NULL", document)
        before = await orders.load(db, saved.record.id)

    assert before is not None
    assert [getattr(before.order, name) for name in LATER_TOLD] == [None] * len(LATER_TOLD)
    assert [getattr(before.order.lines[0], name) for name in LATER_TOLD_OF_LINES] == [None, None, None]
    assert before.order.lines[0].discounts[0].kind is None
    assert before.order.lines[0].product.collections is None

    again = await save(database, vault, shop, fetched(told()))

    assert (again.changed, again.record.version, again.record.order) == (False, 1, told())
    async with database.tx(shop.tenant_id) as db:
        assert await db.fetchval("SELECT failed_payments FROM sales_order") == 2


async def test_an_erased_person_is_not_filled_in_again(database: Database, vault: Vault, shop: Shop) -> None:
    saved = await save(database, vault, shop, fetched())
    async with database.tx(shop.tenant_id) as db:
        await db.execute("UPDATE person SET erased_at = now(), email = NULL, email_folded = NULL")

    figures = Figures(7, 81_240, NOON)
    await save(
        database, vault, shop, fetched(later(an_order()), person=replace(PERSON, home_country="AT", figures=figures))
    )

    async with database.tx(shop.tenant_id) as db:
        kept = await orders.load_person(db, saved.record.person_id)
        assert kept is not None
        assert (kept.email, kept.home_country, kept.figures) == (None, None, Figures())
