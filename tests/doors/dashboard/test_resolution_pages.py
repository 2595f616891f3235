"""The settings of resolutions: a record is typed once, found again, ordered, archived, and never where it is in use."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from retour.core.account import Role
from retour.core.policy import template
from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.core.resolution import Resolution
from retour.flows import policy
from retour.store import resolution as resolutions
from retour.store.db import Database
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio
ROOT = "/dashboard/settings/resolutions"
STANDARD = "Refund to the original payment"


async def records(database: Database, house: House) -> list[Resolution]:
    async with database.tx(house.tenant_id) as db:
        return await resolutions.of_store(db, house.stores[0])


async def add(owner: Browser, **typed: str) -> str:
    """Add a record and return the path of the page that follows."""
    done = await owner.send(await owner.get(f"{ROOT}/new"), "", **typed)
    assert done.status == 200
    return done.path


async def test_a_record_is_added_with_its_words_in_two_languages(
    owner: Browser, database: Database, house: House
) -> None:
    typed = {
        "kind": "refund_service", "integration": "Rise", "name-en": "Credit at Rise", "description-en": "At once",
        "name-de": "Guthaben bei Rise",
    }  # fmt: skip

    done = await owner.send(await owner.get(f"{ROOT}/new"), "", **typed)

    assert (done.path, "Saved." in done.text) == (ROOT, True)
    assert "Credit at Rise" in done.text
    made = (await records(database, house))[-1]
    assert (made.kind, made.integration, sorted(made.texts)) == (ResolutionKind.REFUND_SERVICE, "Rise", ["de", "en"])
    assert made.texts["en"].description == "At once"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name-en": "Card"}, "Choose what the shopper gets"),
        ({"kind": "gift_card", "name-de": "Karte"}, "Enter a name"),
        ({"kind": "refund_service", "name-en": "Credit"}, "Name the service that pays"),
        ({"kind": "gift_card", "name-en": "Card", "description-de": "nur Text"}, "Enter a name"),
        ({"kind": "gift_card", "name-en": "x" * 81}, "This text is too long"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    owner: Browser, database: Database, house: House, typed: dict[str, str], said: str
) -> None:
    page = await owner.send(await owner.get(f"{ROOT}/new"), "", **typed)

    assert page.status == 422
    assert said in page.text
    fields = page.form("").fields
    inputs = {name: [value] for name, value in typed.items() if not name.startswith("description")}
    assert {name: fields[name] for name in inputs} == inputs
    assert all(value in page.answer.text for value in typed.values())
    assert len(await records(database, house)) == 1


async def test_a_record_is_changed_and_the_slower_of_two_is_told(
    owner: Browser, database: Database, house: House
) -> None:
    await add(owner, **{"kind": "gift_card", "name-en": "Card"})
    path = f"{ROOT}/{(await records(database, house))[-1].id}"
    slow = await owner.get(path)

    fast = await owner.send(await owner.get(path), "", **{"name-en": "Gift card"})
    late = await owner.send(slow, "", **{"name-en": "Voucher"})

    assert fast.path == ROOT
    assert (late.status, "Somebody changed this meanwhile" in late.text) == (409, True)
    assert (await records(database, house))[-1].texts["en"].name == "Gift card"


async def test_records_are_ordered_archived_and_restored(owner: Browser, database: Database, house: House) -> None:
    await add(owner, **{"kind": "gift_card", "name-en": "Card"})
    card = (await records(database, house))[-1]

    page = await owner.send(await owner.get(ROOT), f"{ROOT}/{card.id}/up")
    assert page.text.index("Card") < page.text.index(STANDARD)
    archived = await owner.send(await owner.get(f"{ROOT}/{card.id}"), f"{ROOT}/{card.id}/archive")
    assert "1 archived resolution" in archived.text
    restored = await owner.send(await owner.get(f"{ROOT}/{card.id}"), f"{ROOT}/{card.id}/restore")

    assert "It is back at the end of the list." in restored.text
    assert [one.kind.value for one in await records(database, house)] == ["refund_original", "gift_card"]


async def test_what_the_policy_offers_is_not_archived_and_the_page_says_where(
    owner: Browser, database: Database, house: House
) -> None:
    await add(owner, **{"kind": "gift_card", "name-en": "Card"})
    card = (await records(database, house))[-1]
    document = template()
    offers = Resolutions((ResolutionOffer(ResolutionKind.GIFT_CARD, str(card.id)),))
    async with database.tx(house.tenant_id) as db:
        await policy.publish(
            db, store_id=house.stores[0], actor="test", now=datetime.now(UTC),
            document=replace(document, defaults=replace(document.defaults, resolutions=offers)),
        )  # fmt: skip

    page = await owner.send(await owner.get(f"{ROOT}/{card.id}"), f"{ROOT}/{card.id}/archive")

    assert page.status == 409
    assert "The published policy offers it where no rule says otherwise" in page.text
    assert (await records(database, house))[-1].active


async def test_refunds_are_switched_to_being_told_and_back(owner: Browser, database: Database, house: House) -> None:
    async def told() -> frozenset[str]:
        async with database.tx(house.tenant_id) as db:
            return await resolutions.notify_only(db, house.stores[0])

    await owner.send(await owner.get(ROOT), f"{ROOT}/told", told="refund_original")
    assert await told() == {"refund_original"}
    page = await owner.get(ROOT)
    await owner.post(f"{ROOT}/told", page.form(f"{ROOT}/told").fields | {"told": []})
    assert await told() == frozenset()


async def test_an_agent_reads_and_changes_nothing(
    owner: Browser, address: str, database: Database, house: House
) -> None:
    standard = (await records(database, house))[0]
    async with Browser.open(address) as agent:
        await agent.sign_in(await add_member(database, house, Role.AGENT))
        assert (await agent.get(ROOT)).status == 200
        page = await agent.get(f"{ROOT}/{standard.id}")
        assert "Only an owner of the account can change this." in page.text
        assert (await agent.get(f"{ROOT}/new")).status == 403


async def test_a_record_that_does_not_exist_is_not_found(owner: Browser) -> None:
    assert (await owner.get(f"{ROOT}/{uuid4()}")).status == 404
    assert (await owner.get(f"{ROOT}/nonsense")).status == 404
