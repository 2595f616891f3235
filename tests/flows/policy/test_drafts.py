"""Versions of a policy: drafted, saved against what was read, published once, and never changed from then on."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from retour.core.errors import Refused
from retour.core.policy import decode, encode, template
from retour.flows import account
from retour.flows import policy as flow
from retour.store import event
from retour.store import policy as policies
from retour.store.db import Database, Db
from retour.store.policy import PolicyCache, PolicyVersion

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PLAIN = encode(template())


@dataclass
class Shop:
    tenant_id: UUID
    store_id: UUID

    async def started(self, db: Db, **given: Any) -> PolicyVersion:
        return await flow.start_draft(db, store_id=self.store_id, actor="staff:1", now=NOW, **given)

    async def saved(self, db: Db, draft: PolicyVersion, document: object, *, after: int) -> PolicyVersion:
        return await flow.save_draft(
            db, store_id=self.store_id, version_id=draft.id, document=document, after=after, actor="staff:2", now=LATER
        )

    async def published(
        self, db: Db, draft: PolicyVersion, *, after: int, revision: int | None = None
    ) -> PolicyVersion:
        return await flow.publish_draft(
            db, store_id=self.store_id, version_id=draft.id, after=after, revision=revision, actor="staff:3", now=LATER
        )

    async def states(self, db: Db) -> dict[int, str]:
        return {row["version"]: row["state"] for row in await policies.list_versions(db, self.store_id)}

    async def told(self, db: Db, version_id: UUID) -> list[tuple[str, Mapping[str, object]]]:
        events = await event.of_resource(db, resource_kind="policy", resource_id=version_id)
        return [(one.type, one.data) for one in events]


@pytest.fixture
async def shop(database: Database) -> Shop:
    tenant_id = uuid4()
    async with database.tx(tenant_id) as db:
        await account.create_account(db, tenant_id=tenant_id, name=str(tenant_id), actor="cli", now=NOW)
        store = await account.create_store(
            db, shop_name=f"S {tenant_id}", timezone="UTC", currency="EUR", actor="cli", now=NOW
        )
    return Shop(tenant_id, store.id)


def named(name: str) -> dict[str, Any]:
    return {**deepcopy(PLAIN), "name": name}


async def test_a_draft_keeps_who_made_changed_and_published_it_and_when(database: Database, shop: Shop) -> None:
    async with database.tx(shop.tenant_id) as db:
        draft = await shop.started(db, template="thirty-days")
        saved = await shop.saved(db, draft, named("Second thoughts"), after=1)
        out = await shop.published(db, draft, after=0, revision=2)

        assert (draft.state, draft.version, draft.revision, draft.origin_version) == ("draft", 1, 1, None)
        assert (draft.author, draft.created_at, draft.changed_by) == ("staff:1", NOW, "staff:1")
        assert (saved.revision, saved.changed_by, saved.changed_at, saved.author) == (2, "staff:2", LATER, "staff:1")
        assert (out.state, out.published_by, out.published_at) == ("published", "staff:3", LATER)
        assert decode(out.document).name == "Second thoughts"
        assert await shop.told(db, draft.id) == [
            ("policy.draft_started", {"version": 1}),
            ("policy.draft_saved", {"version": 1, "revision": 2}),
            ("policy.published", {"version": 1}),
        ]


async def test_two_people_who_save_the_same_draft_do_not_overwrite_each_other(database: Database, shop: Shop) -> None:
    async with database.tx(shop.tenant_id) as db:
        draft = await shop.started(db)
        await shop.saved(db, draft, named("Hers"), after=draft.revision)
    async with database.tx(shop.tenant_id) as db:
        with pytest.raises(Refused) as refused:
            await shop.saved(db, draft, named("His"), after=draft.revision)

        assert (refused.value.code, refused.value.status) == ("state_changed", 409)
        assert refused.value.facts == {"revision": 2, "changed_by": "staff:2", "changed_at": LATER.isoformat()}
        kept = await policies.get_version(db, shop.store_id, draft.id)
        assert kept
        assert decode(kept.document).name == "Hers"


async def test_bad_input_is_refused_with_rule_field_and_reason_and_nothing_moves(
    database: Database, shop: Shop
) -> None:
    bad = named("Bad")
    bad["rules"][1]["when"]["op"] = "lt"
    async with database.tx(shop.tenant_id) as db:
        first = await shop.published(db, await shop.started(db), after=0)
        draft = await shop.started(db)
        with pytest.raises(Refused) as refused:
            await shop.saved(db, draft, bad, after=1)

        assert (refused.value.code, refused.value.field) == ("op_not_allowed", "rules[1].when.op")
        assert refused.value.facts == {"rule": bad["rules"][1]["id"], "rule_name": bad["rules"][1]["name"]}
        assert "product.tags allows" in refused.value.message
        assert await policies.get_version(db, shop.store_id, draft.id) == draft
        assert await policies.published(db, shop.store_id) == (first.id, 1)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"format": 99}, "out_of_range", "format"),
        ({"rules": [{"id": 3}]}, "missing_field", "rules[0].name"),
        ({"rules": [3]}, "wrong_type", "rules[0]"),
        ({"surprise": 1}, "unknown_field", "surprise"),
        ({"currency": "SEK"}, "currency_mismatch", "currency"),
    ],
)
async def test_what_is_no_policy_of_this_store_starts_no_draft(
    database: Database, shop: Shop, change: dict[str, Any], code: str, field: str
) -> None:
    async with database.tx(shop.tenant_id) as db:
        with pytest.raises(Refused) as refused:
            await shop.started(db, document={**PLAIN, **change})

        assert (refused.value.code, refused.value.field) == (code, field)
        assert await shop.states(db) == {}


async def test_a_draft_that_became_bad_is_not_published_and_the_old_one_stays_in_force(
    database: Database, shop: Shop
) -> None:
    async with database.tx(shop.tenant_id) as db:
        first = await shop.published(db, await shop.started(db), after=0)
        draft = await shop.started(db)
        await db.execute("UPDATE policy_version SET document = '{\"format\": 0}' WHERE id = $1", draft.id)
        with pytest.raises(Refused):
            await shop.published(db, draft, after=1)

        assert await policies.published(db, shop.store_id) == (first.id, 1)


async def test_who_publishes_second_is_told_and_changes_nothing(database: Database, shop: Shop) -> None:
    async with database.tx(shop.tenant_id) as db:
        one, two = await shop.started(db), await shop.started(db)
        await shop.published(db, one, after=0)
        for draft, after, revision in ((two, 0, None), (two, 1, 7), (one, 1, None)):
            with pytest.raises(Refused) as refused:
                await shop.published(db, draft, after=after, revision=revision)
            assert refused.value.code == "state_changed"

        assert await shop.states(db) == {1: "published", 2: "draft"}


async def test_versions_count_in_the_order_of_publication(database: Database, shop: Shop) -> None:
    async with database.tx(shop.tenant_id) as db:
        older, newer = await shop.started(db), await shop.started(db)
        await shop.published(db, newer, after=0)
        out = await shop.published(db, older, after=2)

        assert (out.id, out.version) == (older.id, 3)
        assert await shop.states(db) == {2: "retired", 3: "published"}


async def test_a_discarded_draft_is_kept_out_of_sight_and_cannot_come_back(database: Database, shop: Shop) -> None:
    async with database.tx(shop.tenant_id) as db:
        draft = await shop.started(db)
        gone: dict[str, Any] = {"store_id": shop.store_id, "version_id": draft.id, "actor": "staff:2", "now": LATER}
        await flow.discard_draft(db, **gone)

        assert await shop.states(db) == {}
        for act in (
            flow.discard_draft(db, **gone),
            shop.saved(db, draft, PLAIN, after=1),
            shop.published(db, draft, after=0),
        ):
            with pytest.raises(Refused, match="it is discarded") as refused:
                await act
            assert refused.value.code == "state_changed"
        with pytest.raises(Refused, match="no version 1"):
            await shop.started(db, from_version=1)
        assert (await shop.started(db)).version == 2
        assert (await shop.told(db, draft.id))[-1] == ("policy.draft_discarded", {"version": 1})


async def test_reverting_publishes_the_old_content_as_a_new_version(database: Database, shop: Shop) -> None:
    async with database.tx(shop.tenant_id) as db:
        first = await shop.published(db, await shop.started(db, document=named("First")), after=0)
        second = await shop.published(db, await shop.started(db, document=named("Second")), after=1)
        back = await flow.revert(db, store_id=shop.store_id, to=1, after=2, actor="staff:1", now=LATER)

        assert (back.version, back.state, back.origin_version, back.document) == (3, "published", 1, first.document)
        assert await shop.states(db) == {1: "retired", 2: "retired", 3: "published"}
        assert (await shop.told(db, back.id))[-1] == ("policy.reverted", {"version": 3, "to": 1})
        kept = await policies.get_version(db, shop.store_id, second.id)
        assert kept
        assert kept.document == second.document
        for to, after, code in ((3, 3, "move_not_allowed"), (9, 3, "policy_not_found"), (1, 2, "state_changed")):
            with pytest.raises(Refused) as refused:
                await flow.revert(db, store_id=shop.store_id, to=to, after=after, actor="staff:1", now=LATER)
            assert refused.value.code == code


async def test_a_draft_begins_with_what_is_in_force_or_with_what_is_asked_for(database: Database, shop: Shop) -> None:
    async with database.tx(shop.tenant_id) as db:
        await shop.published(db, await shop.started(db, document=named("First")), after=0)
        await shop.published(db, await shop.started(db, document=named("Second")), after=1)
        as_now, as_before = await shop.started(db), await shop.started(db, from_version=1)

        assert (as_now.origin_version, decode(as_now.document).name) == (2, "Second")
        assert (as_before.origin_version, decode(as_before.document).name) == (1, "First")
        assert (await shop.told(db, as_before.id))[0] == ("policy.draft_started", {"version": 4, "origin_version": 1})
        with pytest.raises(Refused) as refused:
            await shop.started(db, template="none of ours")
        assert refused.value.code == "template_not_found"


async def test_another_stores_draft_is_not_found(database: Database, shop: Shop) -> None:
    async with database.tx(shop.tenant_id) as db:
        draft = await shop.started(db)
        other = await account.create_store(
            db, shop_name=f"O {shop.store_id}", timezone="UTC", currency="EUR", actor="cli", now=NOW
        )
        with pytest.raises(Refused) as refused:
            await Shop(shop.tenant_id, other.id).saved(db, draft, PLAIN, after=1)

        assert refused.value.code == "policy_not_found"


@pytest.mark.parametrize(
    "change",
    [
        "document = '{}'", "version = 9", "published_by = 'me'", "published_at = now()", "author = 'me'",
        "state = 'draft'", "state = 'discarded'", "changed_at = now()", "revision = 7",
    ],
)  # fmt: skip
async def test_the_database_changes_nothing_of_a_published_version(database: Database, shop: Shop, change: str) -> None:
    async with database.tx(shop.tenant_id) as db:
        out = await shop.published(db, await shop.started(db), after=0)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with database.tx(shop.tenant_id) as db:
            await db.execute(f"UPDATE policy_version SET {change} WHERE id = $1", out.id)
    async with database.tx(shop.tenant_id) as db:
        assert await policies.get_version(db, shop.store_id, out.id) == out


async def test_a_cached_policy_is_never_that_of_a_draft(database: Database, shop: Shop) -> None:
    cache = PolicyCache()
    async with database.tx(shop.tenant_id) as db:
        draft = await shop.started(db)
        before = await cache.get(db, draft.id)
        await shop.saved(db, draft, {**named("No rules"), "rules": []}, after=1)
        after = await cache.get(db, draft.id)

    assert (len(before.rules), len(after.rules)) == (2, 0)
