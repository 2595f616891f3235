"""A gift in the portal: credit for whoever got it, by a link or by number and postcode; neither side learns of the other."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.core.policy.template import template
from retour.core.postal import PostalAddress
from retour.flows import rma as returns
from retour.flows import visit as flow
from retour.main.mailing import front_of
from retour.store.policy import PolicyCache
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Page, Shopper
from tests.flows.order.shop import CANARY, PERSON, fetched, later

pytestmark = pytest.mark.anyio

MILA = "mila@example.com"
OFFERS = Resolutions((ResolutionOffer(ResolutionKind.REFUND_ORIGINAL), ResolutionOffer(ResolutionKind.STORE_CREDIT)))
THE_RETURN = """
SELECT r.gift, r.status, r.person_id, p.email, p.name, o.person_id AS giver_id
  FROM rma r JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
  JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
"""


async def with_credit(counter: Counter) -> None:
    """Let the shop offer credit and approve by itself."""
    document = template(automatic=True)
    await counter.publish(document=replace(document, defaults=replace(document.defaults, resolutions=OFFERS)))


async def gift_link(counter: Counter, order: str = "#1001") -> str:
    """Return the path of a gift link below the portal."""
    async with counter.database.tx(counter.tenant_id) as db:
        address = await flow.portal_link(
            db, counter.vault, tenant_id=counter.tenant_id, store_id=counter.store_id, order=order, public_url="",
            now=counter.clock.now(), gift=True,
        )  # fmt: skip
    return address.removeprefix(counter.base)


def says_nothing(page: Page) -> Page:
    """Return the page once it is seen that it names no price and nobody."""
    assert not re.search(r"[€$£]|\d[.,]\d\d\b", page.text), page.text
    for value in (CANARY, PERSON.name or "", PERSON.phone or ""):
        assert value not in page.source
    return page


async def through(shopper: Shopper) -> Page:
    """Walk from the items to the page of the sent return; every page on the way is looked at."""
    key = re.findall(r'id="item-([0-9a-f]{10})"', shopper.page.source)[0]
    says_nothing(await shopper.send("/items", {"item": key, f"quantity-{key}": "1"}))
    offers = says_nothing(await shopper.send("/reasons", {f"reason-{key}": "changed_mind"}))
    assert "refund_original" not in offers.source
    review = says_nothing(await shopper.send("/offers", resolution="store_credit"))
    assert "becomes your credit" in review.text
    return says_nothing(await shopper.send("/review"))


async def by_link(counter: Counter, email: str = MILA) -> Shopper:
    """Return a browser that came in by a gift link."""
    shopper = await counter.browser()
    asked = says_nothing(await shopper.open(await gift_link(counter)))
    assert asked.heading == "Return a gift"
    page = await shopper.send("/gift/link", email=email, name="Mila Moe")
    assert page.path == "items", page.text
    says_nothing(page)
    return shopper


async def by_number(counter: Counter, *, number: str = "#1001", contact: str = "10115B", email: str = MILA) -> Shopper:
    """Return a browser that named an order on the page of gifts."""
    shopper = await counter.browser()
    await shopper.open("/gift")
    await shopper.send("/gift", number=number, contact=contact, email=email)
    await counter.work()
    return shopper


async def test_the_holder_of_a_gift_link_returns_it_for_credit_and_learns_nothing(counter: Counter) -> None:
    await with_credit(counter)
    shopper = await by_link(counter)

    status = await through(shopper)

    assert status.path.startswith("R-"), status.text
    row = await counter.do(lambda db: db.fetchrow(THE_RETURN))
    assert (row["gift"], row["status"], row["email"], row["name"]) == (True, "approved", MILA, "Mila Moe")
    assert row["person_id"] != row["giver_id"]
    told = await counter.do(lambda db: db.fetch("SELECT person_id FROM mail"))
    assert {one["person_id"] for one in told} <= {row["person_id"]}
    assert (await shopper.open(f"/{status.path}/explanation.pdf")).status == 404
    assert (await shopper.open(f"/{status.path}/edit")).path == status.path


async def test_the_giver_sees_no_return_of_the_gift_and_the_receiver_none_of_the_giver(counter: Counter) -> None:
    await with_credit(counter)
    receiver = await by_link(counter)
    gift = await through(receiver)
    giver = await counter.let_in()

    assert (await giver.open("/list")).heading == "Returns of this order"
    assert "No returns yet" in giver.page.text
    assert (await giver.open(f"/{gift.path}")).status == 404
    assert (await giver.open(f"/{gift.path}/cancel")).status == 404

    await giver.open("/items")
    key = re.findall(r'id="item-([0-9a-f]{10})"', giver.page.source)[-1]
    await giver.send("/items", {"item": key, f"quantity-{key}": "1"})
    await giver.send("/reasons", {f"reason-{key}": "changed_mind"})
    await giver.send("/offers", resolution="refund_original")
    own = await giver.send("/review")
    assert own.path.startswith("R-"), own.text
    assert (await receiver.open(f"/{own.path}")).status == 404
    assert own.path not in (await receiver.open("/list")).text
    assert gift.path in receiver.page.text


async def test_number_and_postcode_send_a_code_to_the_receiver_and_a_person_looks_at_the_request(
    counter: Counter,
) -> None:
    await with_credit(counter)
    shopper = await by_number(counter)
    assert "sent to your address" in shopper.page.text

    items = await shopper.send("/code", code=await counter.code())
    assert items.path == "items", items.text
    says_nothing(items)
    await through(shopper)

    row = await counter.do(lambda db: db.fetchrow(THE_RETURN))
    assert (row["gift"], row["status"], row["email"]) == (True, "requested", MILA)
    to = await counter.do(lambda db: db.fetchval("SELECT person_id FROM mail WHERE kind = 'one_time_code'"))
    assert to is None  # the code went to the address that was typed, not to the giver
    review = await counter.do(
        lambda db: db.fetchval("SELECT data ->> 'review' FROM event WHERE type = 'return.requested'")
    )
    assert "gift_unproven" in review


async def test_the_receiver_who_proves_their_address_again_finds_their_return(counter: Counter) -> None:
    await with_credit(counter)
    shopper = await by_number(counter)
    await shopper.send("/code", code=await counter.code())
    sent = await through(shopper)
    counter.clock.ahead = timedelta(hours=25)
    assert (await shopper.open(f"/{sent.path}")).heading == "Start a return"

    again = await by_number(counter, email=MILA.upper())
    await again.send("/code", code=await counter.code())
    stranger = await by_number(counter, email="noa@example.com")
    await stranger.send("/code", code=await counter.code())
    holder = await by_link(counter)

    assert says_nothing(await again.open(f"/{sent.path}")).status == 200
    assert (await stranger.open(f"/{sent.path}")).status == 404
    assert (await holder.open(f"/{sent.path}")).status == 404  # a link and an address that is only said prove nobody
    assert "No returns yet" in (await holder.open("/list")).text


async def test_whoever_proves_an_address_sees_all_that_was_returned_under_it_and_who_only_says_it_sees_their_own(
    counter: Counter,
) -> None:
    await with_credit(counter)
    mine, later = await by_link(counter), await by_link(counter)
    first, second = await through(mine), await through(later)
    again = await by_number(counter)
    await again.send("/code", code=await counter.code())
    listed = (await again.open("/list")).text

    assert (first.path in listed, second.path in listed) == (True, True)
    assert says_nothing(await again.open(f"/{first.path}")).status == 200
    assert says_nothing(await again.open(f"/{second.path}")).status == 200
    assert (await later.open(f"/{first.path}")).status == 404
    assert first.path not in (await later.open("/list")).text


async def own_link(counter: Counter) -> str:
    """Return the path below the portal of the link that the mails about the newest return carry."""
    row = await counter.do(lambda db: db.fetchrow("SELECT person_id, order_id FROM rma ORDER BY number DESC LIMIT 1"))
    front = await counter.do(
        lambda db: front_of(counter.vault, public_url="")(
            db, tenant_id=counter.tenant_id, store_id=counter.store_id, order_id=row["order_id"],
            receiver=row["person_id"], language="en",
        )
    )  # fmt: skip
    assert front is not None
    return str(front.link).removeprefix(counter.base)


async def test_the_link_of_their_mail_leads_the_receiver_back_to_their_return_and_no_further(counter: Counter) -> None:
    await with_credit(counter)
    first = await through(await by_link(counter))
    link = await own_link(counter)
    second = await through(await by_link(counter, "noa@example.com"))
    counter.clock.ahead = timedelta(hours=25)

    shopper = await counter.browser()
    assert first.path in says_nothing(await shopper.open(link)).text
    assert says_nothing(await shopper.open(f"/{first.path}")).status == 200
    assert (await shopper.open(f"/{second.path}")).status == 404
    by = await counter.do(lambda db: db.fetchval("SELECT proven_by FROM visit ORDER BY id DESC LIMIT 1"))
    assert by == "code"  # what they ask for with it waits for a person, as their mailbox is all that it proves


async def test_the_link_of_a_receiver_is_nobody_elses_and_no_link_of_another_sort(counter: Counter) -> None:
    await with_credit(counter)
    await through(await by_link(counter))
    link = await own_link(counter)
    visits = await counter.do(lambda db: db.fetchval("SELECT count(*) FROM visit"))
    giver = await counter.do(lambda db: db.fetchval("SELECT person_id FROM sales_order WHERE name = '#1001'"))
    bare, _, _ = link.partition("&receiver=")
    nobodys = await counter.do(
        lambda db: flow.portal_link(
            db, counter.vault, tenant_id=counter.tenant_id, store_id=counter.store_id, order="#1001", public_url="",
            now=counter.clock.now(), gift=True, receiver=giver,
        )
    )  # fmt: skip

    shopper = await counter.browser()
    for wrong in (
        f"{bare}&receiver={giver}", f"{bare}&receiver=me", bare, bare.replace("/gift/back", "/gift/link"),
        bare.replace("/gift/back", "/link"), nobodys.removeprefix(counter.base),
        (await gift_link(counter)).replace("/gift/link", "/gift/back"),
    ):  # fmt: skip
        assert (await shopper.open(wrong)).status == 403, wrong
    counter.clock.ahead = timedelta(days=401)
    assert (await shopper.open(link)).status == 403
    assert await counter.do(lambda db: db.fetchval("SELECT count(*) FROM visit")) == visits


async def test_the_link_of_a_receiver_is_good_for_60_days_and_longer_while_their_return_is_open(
    counter: Counter,
) -> None:
    await with_credit(counter)
    sent = await through(await by_link(counter))
    link = await own_link(counter)
    shopper = await counter.browser()

    counter.clock.ahead = timedelta(days=399)
    assert sent.path in (await shopper.open(link)).text
    rma_id = await counter.do(lambda db: db.fetchval("SELECT id FROM rma"))
    await counter.do(lambda db: returns.cancel(db, rma_id=rma_id, actor="staff:ben", now=counter.clock.now()))
    assert (await (await counter.browser()).open(link)).status == 403
    counter.clock.ahead = timedelta(days=59)
    assert sent.path in (await (await counter.browser()).open(link)).text


async def test_the_postcode_that_the_parcel_was_sent_to_proves_a_gift(counter: Counter) -> None:
    order = await counter.order(0)
    to = PostalAddress("Mila Moe", ("Am Markt 1",), "Leipzig", "DE", "04109")
    await counter.mirror(fetched(later(order), person=replace(PERSON, ship_to=to)))

    shopper = await by_number(counter, contact="04109")

    assert (await shopper.send("/code", code=await counter.code())).path == "items"


@pytest.mark.parametrize("contact", [PERSON.email, PERSON.phone])
async def test_the_givers_address_and_phone_prove_no_gift(counter: Counter, contact: str) -> None:
    shopper = await by_number(counter, contact=contact)

    assert (await shopper.send("/code", code="12345678")).path == "code"
    assert await counter.do(lambda db: db.fetchval("SELECT count(*) FROM mail")) == 0
    assert await counter.do(lambda db: db.fetchval("SELECT state FROM visit")) == "unmatched"


async def test_a_gift_that_does_not_match_reads_the_same_and_writes_no_mail_and_nobody(counter: Counter) -> None:
    before = await counter.do(lambda db: db.fetchval("SELECT count(*) FROM person"))
    there = await by_number(counter, contact="99999")
    nowhere = await by_number(counter, number="#4711")

    assert re.sub(r"\d+ seconds?", "", there.page.text) == re.sub(r"\d+ seconds?", "", nowhere.page.text)
    assert (await there.send("/code", code="12345678")).text == (await nowhere.send("/code", code="12345678")).text
    assert await counter.do(lambda db: db.fetchval("SELECT count(*) FROM mail")) == 0
    assert await counter.do(lambda db: db.fetchval("SELECT count(*) FROM person")) == before


async def test_one_number_is_asked_for_a_few_times_only_whether_it_exists_or_not(counter: Counter) -> None:
    for number in ("#1001", "#4711"):
        for n in range(5):
            shopper = await by_number(counter, number=number, contact=f"1011{n}")
            assert shopper.page.path == "code", shopper.page.text
        slowed = await by_number(counter, number=number, contact="10119")
        assert slowed.page.status == 429
        assert "This was asked for many times." in slowed.page.text
        assert int(slowed.page.headers["retry-after"]) > 0


async def test_a_link_of_one_sort_is_not_good_as_the_other(counter: Counter) -> None:
    gift = await gift_link(counter)
    shopper = await counter.browser()

    assert (await shopper.open(gift.replace("/gift/link", "/link"))).status == 403
    assert (await shopper.open(gift.replace("%231001", "%231002"))).status == 403
    assert "Return a gift" in shopper.page.text
    assert (await shopper.open("/gift/link?order=gift%0A%231001&until=9999999999&sign=x")).status == 403
    counter.clock.ahead = timedelta(days=61)
    assert (await shopper.open(gift)).status == 403
    assert await counter.do(lambda db: db.fetchval("SELECT count(*) FROM visit")) == 0


async def test_a_wrong_address_is_said_at_its_field_and_lets_nobody_in(counter: Counter) -> None:
    shopper = await counter.browser()
    await shopper.open(await gift_link(counter))

    page = await shopper.send("/gift/link", email="nowhere", name="x" * 201)

    assert page.status == 422
    assert "Enter an e-mail address such as name@example.com." in page.text
    assert (await shopper.open("/gift")).heading == "Return a gift"
    empty = await shopper.send("/gift")
    assert empty.status == 422
    assert "Enter the postcode that the parcel was sent to." in empty.text
    assert (await shopper.open("/items")).heading == "Start a return"


async def test_a_gift_link_waits_for_its_order(counter: Counter) -> None:
    shopper = await counter.browser()
    order = await counter.order(0)
    counter.far["#3001"] = fetched(replace(order, ref="gid://order/3001", name="#3001"))
    await shopper.open(await gift_link(counter, "#3001"))
    assert (await shopper.send("/gift/link", email=MILA)).heading == "Fetching your order"
    await counter.work()

    assert says_nothing(await shopper.open("/waiting")).path == "items"
    whose = "SELECT p.email FROM visit v JOIN person p ON p.tenant_id = v.tenant_id AND p.id = v.person_id"
    assert await counter.do(lambda db: db.fetchval(whose)) == MILA


async def test_the_giver_hands_out_a_link_that_works(counter: Counter) -> None:
    giver = await counter.let_in()
    assert "/gift/given" in giver.page.source

    page = await giver.open("/gift/given")
    (address,) = re.findall(r'value="[^"]*(/gift/link\?[^"]+)"', page.source)
    receiver = await counter.browser()
    await receiver.open(address.replace("&amp;", "&"))

    assert (await receiver.send("/gift/link", email=MILA)).path == "items"
    assert "/gift/given" not in receiver.page.source
    assert (await receiver.open("/gift/given")).path == "items"


async def test_a_browser_that_was_the_givers_forgets_the_draft_when_it_becomes_the_receivers(counter: Counter) -> None:
    await with_credit(counter)
    shopper = await counter.let_in()
    key = re.findall(r'id="item-([0-9a-f]{10})"', shopper.page.source)[0]
    await shopper.send("/items", {"item": key, f"quantity-{key}": "1"})
    await shopper.open(await gift_link(counter))
    page = await shopper.send("/gift/link", email=MILA)

    assert " checked" not in page.source
    says_nothing(page)


async def test_a_gift_has_no_other_kinds_and_takes_none(counter: Counter) -> None:
    await with_credit(counter)
    shopper = await by_link(counter)
    assert not [form for form in shopper.page.forms if form.action.endswith("/kind")]
    token = shopper.page.form("/items").fields["_csrf"]

    await shopper.post(f"{shopper.base}/kind", {"_csrf": token, "kind": "claim"})

    answers = await counter.do(lambda db: db.fetchval("SELECT answers FROM visit WHERE gift"))
    assert answers.get("kind", "return") == "return"


async def test_a_change_of_a_gift_can_ask_for_credit_alone(counter: Counter) -> None:
    await with_credit(counter)
    status = await through(await by_link(counter))
    rma = await counter.do(
        lambda db: db.fetchrow("SELECT r.id, l.line_ref FROM rma r JOIN return_line l ON l.rma_id = r.id")
    )
    content = returns.Content((returns.Wish(rma["line_ref"], 2, "changed_mind"),))

    with pytest.raises(Refused) as refused:
        await counter.do(
            lambda db: returns.edit_return(
                db, rma_id=rma["id"], content=content, actor="staff", now=counter.clock.now(), policies=PolicyCache()
            )
        )

    assert refused.value.code == "resolution_not_offered"
    assert status.path.startswith("R-")
    assert await counter.do(lambda db: db.fetchval("SELECT resolution FROM return_line")) == "store_credit"
