"""Warehouses and carriers over the API: added, listed, given a new secret, removed."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta

from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Nothing, Told
from retour.flows import partner as flow
from retour.store.connection import Connection

MISSING: Final = flow.MISSING


class PartnerWish(Asked):
    """A warehouse or a carrier that reports by signed messages."""

    kind: Literal["warehouse", "carrier"]
    name: Annotated[str, Meta(min_length=1, max_length=flow.NAME_MOST, pattern=NO_NUL)]


class PartnerOut(Told):
    """A warehouse or a carrier; it posts to `path`."""

    id: UUID
    store_id: UUID
    kind: str
    name: str
    path: str
    created_at: datetime


class PartnerCreated(PartnerOut):
    """The same with its signing secret, told in this answer alone."""

    secret: str


class PartnerList(Told):
    """Every warehouse and carrier that is listened to."""

    items: list[PartnerOut]


class PartnerSecret(Told):
    """The new signing secret, told in this answer alone."""

    secret: str


async def add_partner(call: Call, wish: PartnerWish) -> PartnerCreated:
    """Add a warehouse or a carrier."""
    added, secret = await flow.add(
        call.db, call.vault, tenant_id=call.tenant_id, store_id=call.store_id, kind=wish.kind, name=wish.name,
        actor=call.actor, now=call.now,
    )  # fmt: skip
    return PartnerCreated(
        id=added.id, store_id=added.store_id, kind=added.platform, name=added.far_name, path=_path(added),
        created_at=added.created_at, secret=secret,
    )  # fmt: skip


async def list_partners(call: Call, _: None) -> PartnerList:
    """Return every warehouse and carrier."""
    found = [one for one in await flow.partners(call.db) if call.store in (None, one.store_id)]
    return PartnerList(
        items=[
            PartnerOut(
                id=one.id, store_id=one.store_id, kind=one.platform, name=one.far_name, path=_path(one),
                created_at=one.created_at,
            )
            for one in found
        ]
    )  # fmt: skip


async def rotate_partner_secret(call: Call, _: Nothing) -> PartnerSecret:
    """Make a new secret."""
    return PartnerSecret(
        secret=await flow.rotate(
            call.db, call.vault, tenant_id=call.tenant_id, partner_id=call.resource_id, actor=call.actor, now=call.now
        )
    )


async def remove_partner(call: Call, _: Nothing) -> PartnerList:
    """Take nothing more from one."""
    await flow.remove(call.db, partner_id=call.resource_id, actor=call.actor, now=call.now)
    return await list_partners(call, None)


def _path(one: Connection) -> str:
    return f"/hooks/{one.platform}/{one.id}"


OPERATIONS: Final = (
    Operation(
        id="add_partner", method="POST", path="/partners", tag="Warehouses and carriers", status=201, needs_store=True,
        body=PartnerWish, answer=PartnerCreated, summary="Add a warehouse or a carrier", do=add_partner,
        description="The secret is shown in this answer alone. Messages are signed as Standard Webhooks 1.0. A store "
        "with a warehouse announces its approved returns as `return.expected`.",
    ),
    Operation(
        id="list_partners", method="GET", path="/partners", tag="Warehouses and carriers", answer=PartnerList,
        summary="List warehouses and carriers", do=list_partners,
    ),
    Operation(
        id="rotate_partner_secret", method="POST", path="/partners/{id}/rotate", tag="Warehouses and carriers",
        body=Nothing, answer=PartnerSecret, missing=MISSING, summary="Make a new secret", do=rotate_partner_secret,
        description="The secret before it is taken until the next one is made.",
    ),
    Operation(
        id="remove_partner", method="POST", path="/partners/{id}/remove", tag="Warehouses and carriers", body=Nothing,
        answer=PartnerList, missing=MISSING, summary="Take nothing more from a warehouse or carrier",
        do=remove_partner,
    ),
)  # fmt: skip
