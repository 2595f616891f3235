"""A merchant's resolutions: every store begins with one, each change is an event, a policy keeps what it names."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from retour.core.errors import Refused
from retour.core.policy import PolicyDocument, template
from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.core.resolution import STORE_MOST, Resolution, Wording
from retour.flows import account, policy
from retour.flows import resolution as flow
from retour.store import event
from retour.store import resolution as resolutions
from retour.store.db import Database

pytestmark = pytest.mark.anyio
K = ResolutionKind
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
CREDIT = {"en": Wording("Shop credit", "Worth 10 % more"), "de": Wording("Guthaben")}


@dataclass(frozen=True)
class Shop:
    """One account with one store."""

    database: Database
    tenant_id: UUID
    store_id: UUID

    async def add(self, kind: K = K.STORE_CREDIT, texts: Any = None, integration: str | None = None) -> Resolution:
        async with self.database.tx(self.tenant_id) as db:
            return await flow.create(
                db, store_id=self.store_id, kind=kind, texts=texts or CREDIT, integration=integration, actor="staff:1",
                now=NOW,
            )  # fmt: skip

    async def names(self) -> list[str]:
        async with self.database.tx(self.tenant_id) as db:
            return [one.texts["en"].name for one in await resolutions.of_store(db, self.store_id) if one.active]

    async def read(self, record: Resolution) -> Resolution | None:
        async with self.database.tx(self.tenant_id) as db:
            return await resolutions.get(db, record.id)

    async def archive(self, record: Resolution) -> Resolution:
        async with self.database.tx(self.tenant_id) as db:
            return await flow.archive(db, resolution_id=record.id, actor="staff:1", now=NOW)

    async def publish(self, document: PolicyDocument) -> int:
        async with self.database.tx(self.tenant_id) as db:
            return await policy.publish(db, store_id=self.store_id, document=document, actor="staff:1", now=NOW)

    async def told(self, resource: UUID) -> list[tuple[str, str]]:
        async with self.database.tx(self.tenant_id) as db:
            found = await event.of_resource(db, resource_kind="resolution", resource_id=resource)
        return [(one.type, one.actor) for one in found]


@pytest.fixture
async def shop(database: Database) -> Shop:
    tenant_id = uuid4()
    async with database.tx(tenant_id) as db:
        await account.create_account(db, tenant_id=tenant_id, name=str(tenant_id), actor="cli", now=NOW)
        store = await account.create_store(db, shop_name="Fjell", timezone="UTC", currency="EUR", actor="cli", now=NOW)
    return Shop(database, tenant_id, store.id)


def offering(*offers: ResolutionOffer) -> PolicyDocument:
    document = template()
    return replace(document, defaults=replace(document.defaults, resolutions=Resolutions(offers)))


async def test_a_store_begins_with_the_refund_to_the_original_payment(shop: Shop) -> None:
    async with shop.database.tx(shop.tenant_id) as db:
        (standard,) = await resolutions.of_store(db, shop.store_id)

    assert (standard.kind, standard.position, standard.active) == (K.REFUND_ORIGINAL, 1, True)
    assert sorted(standard.texts) == ["ar", "de", "en"]
    assert standard.texts["en"].name == "Refund to the original payment"


async def test_a_record_is_kept_as_it_was_added_and_told(shop: Shop) -> None:
    made = await shop.add(texts={"en": Wording(" Shop credit ", " 10 % more "), "de": Wording(" ", "")})

    assert made == await shop.read(made)
    assert made.texts == {"en": Wording("Shop credit", "10 % more")}
    assert (made.position, made.version) == (2, 1)
    assert await shop.told(made.id) == [("resolution.added", "staff:1")]


async def test_a_service_without_a_name_is_refused_and_nothing_is_kept(shop: Shop) -> None:
    with pytest.raises(Refused) as no:
        await shop.add(K.REFUND_SERVICE)

    assert (no.value.code, no.value.field) == ("integration_missing", "integration")
    assert await shop.names() == ["Refund to the original payment"]


async def test_a_change_is_told_once_and_the_same_again_changes_nothing(shop: Shop) -> None:
    made = await shop.add()
    to = flow.Change(texts={"en": Wording("Credit")}, expect_version=1)

    async with shop.database.tx(shop.tenant_id) as db:
        changed = await flow.change(db, resolution_id=made.id, to=to, actor="staff:2", now=NOW)
        same = await flow.change(db, resolution_id=made.id, to=replace(to, expect_version=2), actor="x", now=NOW)
        with pytest.raises(Refused) as no:
            await flow.change(db, resolution_id=made.id, to=to, actor="x", now=NOW)

    assert (changed.version, changed.texts) == (2, {"en": Wording("Credit")})
    assert same == changed
    assert no.value.code == "state_changed"
    assert await shop.told(made.id) == [("resolution.added", "staff:1"), ("resolution.changed", "staff:2")]


async def test_a_record_moves_up_and_down_and_stops_at_the_ends(shop: Shop) -> None:
    first, second = await shop.add(texts={"en": Wording("A")}), await shop.add(texts={"en": Wording("B")})

    async with shop.database.tx(shop.tenant_id) as db:
        for up in (True, True, True):
            await flow.move(db, resolution_id=second.id, up=up, actor="s", now=NOW)
        await flow.move(db, resolution_id=first.id, up=False, actor="s", now=NOW)

    assert await shop.names() == ["B", "Refund to the original payment", "A"]


async def test_an_archived_record_is_out_of_the_list_until_it_comes_back_at_its_end(shop: Shop) -> None:
    made, other = await shop.add(), await shop.add(texts={"en": Wording("Other")})

    archived = await shop.archive(made)
    again = await shop.archive(made)
    async with shop.database.tx(shop.tenant_id) as db:
        with pytest.raises(Refused) as no:
            await flow.change(db, resolution_id=made.id, to=flow.Change(texts={"en": Wording("X")}), actor="s", now=NOW)
        with pytest.raises(Refused) as stays:
            await flow.move(db, resolution_id=made.id, up=True, actor="s", now=NOW)
        back = await flow.restore(db, resolution_id=made.id, actor="s", now=NOW)
        await flow.restore(db, resolution_id=made.id, actor="s", now=NOW)

    assert archived.archived_at == NOW
    assert again == archived
    assert (no.value.code, stays.value.code) == ("move_not_allowed", "move_not_allowed")
    assert back.position > other.position
    assert [what for what, _ in await shop.told(made.id)] == [
        "resolution.added", "resolution.archived", "resolution.restored",
    ]  # fmt: skip


async def test_what_the_published_policy_offers_is_not_archived(shop: Shop) -> None:
    made = await shop.add()
    await shop.publish(offering(ResolutionOffer(K.STORE_CREDIT, str(made.id))))

    with pytest.raises(Refused) as no:
        await shop.archive(made)

    assert (no.value.code, no.value.status) == ("resolution_in_use", 409)
    assert no.value.facts == {"rule": None, "ref": str(made.id)}
    record = await shop.read(made)
    assert record is not None
    assert record.active
    await shop.publish(offering(ResolutionOffer(K.REFUND_ORIGINAL)))
    assert not (await shop.archive(made)).active


async def test_a_policy_that_names_no_usable_record_is_not_published(shop: Shop) -> None:
    made = await shop.add()
    before = await shop.publish(offering(ResolutionOffer(K.STORE_CREDIT, str(made.id))))
    wrong = [ResolutionOffer(K.GIFT_CARD, str(made.id)), ResolutionOffer(K.STORE_CREDIT, str(uuid4()))]

    for offer in wrong:
        with pytest.raises(Refused) as no:
            await shop.publish(offering(ResolutionOffer(K.REFUND_ORIGINAL), offer))
        assert (no.value.code, no.value.field) == ("resolution_not_usable", "defaults.resolutions.offered[1].ref")

    assert await shop.publish(offering(ResolutionOffer(K.REFUND_ORIGINAL))) == before + 1


async def test_a_record_of_another_account_does_not_exist(shop: Shop, database: Database) -> None:
    made = await shop.add()

    async with database.tx(uuid4()) as db:
        for act in (flow.archive, flow.restore):
            with pytest.raises(Refused) as no:
                await act(db, resolution_id=made.id, actor="s", now=NOW)
            assert no.value.code == "resolution_not_found"


async def test_only_kinds_that_retour_pays_are_switched_to_being_told_about(shop: Shop) -> None:
    async with shop.database.tx(shop.tenant_id) as db:
        with pytest.raises(Refused) as no:
            await flow.set_notify_only(db, store_id=shop.store_id, kinds=["gift_card"], actor="s", now=NOW)
        done = [
            await flow.set_notify_only(db, store_id=shop.store_id, kinds=["refund_original"], actor="s", now=NOW)
            for _ in range(2)
        ]
        told = await event.of_resource(db, resource_kind="store", resource_id=shop.store_id)

    assert no.value.code == "unknown_kind"
    assert done == [frozenset({"refund_original"})] * 2
    assert [one.data for one in told if "notify_only" in one.data] == [{"notify_only": ["refund_original"]}]


async def test_a_full_list_takes_nothing_out_of_the_archive(shop: Shop) -> None:
    gone = await shop.archive(await shop.add())
    for _ in range(STORE_MOST - len(await shop.names())):
        await shop.add()

    async with shop.database.tx(shop.tenant_id) as db:
        with pytest.raises(Refused) as no:
            await flow.restore(db, resolution_id=gone.id, actor="s", now=NOW)

    assert no.value.code == "too_many"
    assert len(await shop.names()) == STORE_MOST
