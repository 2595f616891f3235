"""Providers of card payments over the API: connected, listed, given new keys, removed."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Nothing, Told
from retour.flows import card_provider as flow
from retour.store.connection import Connection

Secret = Annotated[str, Meta(min_length=8, max_length=flow.SECRET_MOST, pattern=NO_NUL)]
_TAG: Final = "Card payments"


class CardProviderWish(Asked):
    """A Stripe account: its secret or restricted key, and the signing secret of its webhook if there is one already."""

    name: Annotated[str, Meta(min_length=1, max_length=flow.NAME_MOST, pattern=NO_NUL)]
    key: Secret
    signing_secret: Secret | None = None
    address: Annotated[str, Meta(min_length=1, max_length=2048, pattern=NO_NUL)] | None = None


class CardProviderKeys(Asked):
    """What is replaced: the key, the signing secret of messages, or both."""

    key: Secret | None = None
    signing_secret: Secret | None = None


class CardProviderOut(Told):
    """A provider of card payments; it posts its messages to `path`. Keys are never told."""

    id: UUID
    store_id: UUID
    name: str
    state: str
    path: str
    created_at: datetime


class CardProviderList(Told):
    """The providers that are connected."""

    items: list[CardProviderOut]


async def add_card_provider(call: Call, wish: CardProviderWish) -> CardProviderOut:
    """Connect a store to Stripe."""
    return _out(
        await flow.add(
            call.db, call.vault, tenant_id=call.tenant_id, store_id=call.store_id, name=wish.name, key=wish.key,
            signing=wish.signing_secret, address=wish.address, allow_private_urls=call.rules.allow_private_urls,
            actor=call.actor, now=call.now,
        )
    )  # fmt: skip


async def list_card_providers(call: Call, _: None) -> CardProviderList:
    """Return the providers that are connected."""
    return CardProviderList(
        items=[_out(one) for one in await flow.providers(call.db) if call.store in (None, one.store_id)]
    )


async def reseal_card_provider(call: Call, wish: CardProviderKeys) -> CardProviderList:
    """Replace the keys of a provider."""
    await flow.reseal(
        call.db, call.vault, tenant_id=call.tenant_id, provider_id=call.resource_id, key=wish.key,
        signing=wish.signing_secret, actor=call.actor, now=call.now,
    )  # fmt: skip
    return await list_card_providers(call, None)


async def remove_card_provider(call: Call, _: Nothing) -> CardProviderList:
    """Offer no instant exchange with it any more."""
    await flow.remove(call.db, provider_id=call.resource_id, actor=call.actor, now=call.now)
    return await list_card_providers(call, None)


def _out(one: Connection) -> CardProviderOut:
    return CardProviderOut(
        id=one.id, store_id=one.store_id, name=one.far_name, state=one.state, path=f"/hooks/{one.platform}/{one.id}",
        created_at=one.created_at,
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="add_card_provider", method="POST", path="/card-providers", tag=_TAG, status=201, needs_store=True,
        body=CardProviderWish, answer=CardProviderOut, summary="Connect a store to Stripe", do=add_card_provider,
        description="Policies may then offer instant exchanges. The key is sealed to the executor and never told again.",
    ),
    Operation(
        id="list_card_providers", method="GET", path="/card-providers", tag=_TAG, answer=CardProviderList,
        summary="List the providers of card payments", do=list_card_providers,
    ),
    Operation(
        id="reseal_card_provider", method="POST", path="/card-providers/{id}/keys", tag=_TAG, body=CardProviderKeys,
        answer=CardProviderList, missing=flow.MISSING, summary="Replace the keys of a provider", do=reseal_card_provider,
    ),
    Operation(
        id="remove_card_provider", method="POST", path="/card-providers/{id}/remove", tag=_TAG, body=Nothing,
        answer=CardProviderList, missing=flow.MISSING, summary="Disconnect a provider", do=remove_card_provider,
        description="Refused while a card is held with it.",
    ),
)  # fmt: skip
