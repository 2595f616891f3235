"""Webhook endpoints over the API: add, list, read, delete."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.doors.api.cursor import make_cursor, read_cursor, read_uuid
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import Asked, PageQuery, Told, Url
from retour.flows import webhook_endpoint as flow
from retour.store import webhook_endpoint
from retour.store.webhook_endpoint import WebhookEndpoint

_MISSING: Final = "webhook_endpoint_not_found"


class EndpointWish(Asked):
    """Where events are to be sent; no topics means all of them."""

    url: Url
    topics: Annotated[list[EventType], Meta(max_length=100)] = msgspec.field(default_factory=list)


class EndpointOut(Told):
    """One receiver of events."""

    id: UUID
    url: str
    topics: list[str]
    active: bool
    disabled_reason: str | None
    created_at: datetime


class EndpointCreated(EndpointOut):
    """A new receiver with its signing secret (Standard Webhooks), which is shown only here."""

    secret: str


class EndpointPage(Told):
    """A part of the list; no `next` means that it is the last."""

    items: list[EndpointOut]
    next: str | None


async def add_webhook_endpoint(call: Call, wish: EndpointWish) -> EndpointCreated:
    """Add a receiver."""
    added, secret = await flow.add_endpoint(
        call.db,
        call.vault,
        tenant_id=call.tenant_id,
        url=wish.url,
        topics=[topic.value for topic in wish.topics],
        allow_private_urls=call.rules.allow_private_urls,
        actor=call.actor,
        now=call.now,
    )
    return EndpointCreated(**_facts(added), secret=secret)


async def list_webhook_endpoints(call: Call, query: PageQuery) -> EndpointPage:
    """Return the receivers, oldest first."""
    after = UUID(int=0) if query.after is None else read_uuid(read_cursor(query.after, parts=1)[0])
    found = await webhook_endpoint.endpoints(call.db, after_id=after, limit=query.limit + 1)
    shown = found[: query.limit]
    more = make_cursor(shown[-1].id) if len(found) > query.limit else None
    return EndpointPage(items=[EndpointOut(**_facts(e)) for e in shown], next=more)


async def get_webhook_endpoint(call: Call, _: None) -> EndpointOut:
    """Return one receiver."""
    found = await webhook_endpoint.get(call.db, call.resource_id)
    if found is None or found.deleted:
        raise Refused(_MISSING, "there is no such webhook endpoint")
    return EndpointOut(**_facts(found))


async def delete_webhook_endpoint(call: Call, _: None) -> None:
    """Send nothing more to a receiver."""
    await flow.delete_endpoint(call.db, endpoint_id=call.resource_id, actor=call.actor, now=call.now)


def _facts(e: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": e.id, "url": e.url, "topics": list(e.topics), "active": e.active, "disabled_reason": e.disabled_reason,
        "created_at": e.created_at,
    }  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="add_webhook_endpoint", method="POST", path="/webhook-endpoints", tag="Webhooks", status=201,
        summary="Add a receiver of events", body=EndpointWish, answer=EndpointCreated, do=add_webhook_endpoint,
        description="The secret is shown in this answer alone. Deliveries are signed as Standard Webhooks 1.0.",
    ),
    Operation(
        id="list_webhook_endpoints", method="GET", path="/webhook-endpoints", tag="Webhooks",
        summary="List the receivers of events", query=PageQuery, answer=EndpointPage, do=list_webhook_endpoints,
    ),
    Operation(
        id="get_webhook_endpoint", method="GET", path="/webhook-endpoints/{id}", tag="Webhooks",
        summary="Read a receiver of events", answer=EndpointOut, do=get_webhook_endpoint, missing=_MISSING,
    ),
    Operation(
        id="delete_webhook_endpoint", method="DELETE", path="/webhook-endpoints/{id}", tag="Webhooks", status=204,
        summary="Delete a receiver of events", do=delete_webhook_endpoint, missing=_MISSING,
    ),
)  # fmt: skip
