"""Sources over the API: systems that send signed documents; added, listed, given a new secret, removed."""

from typing import Any, Final

from retour.doors.api.intake_shapes import (
    PushOut,
    PushWish,
    ScheduleWish,
    SecretOut,
    SourceCreated,
    SourceList,
    SourceOut,
    SourceWish,
)
from retour.doors.api.operation import Call, Operation
from retour.flows.intake import asking, pushing
from retour.flows.intake import sources as flow
from retour.store import sync
from retour.store.connection import Connection

MISSING: Final = "source_not_found"


async def add_source(call: Call, wish: SourceWish) -> SourceCreated:
    """Add a source."""
    added, secret = await flow.add_source(
        call.db, call.vault, tenant_id=call.tenant_id, store_id=call.store_id, name=wish.name, channel=wish.channel,
        decides=wish.decides, actor=call.actor, now=call.now, allow_private_urls=call.rules.allow_private_urls,
        asked=flow.Asked(wish.asked.url, wish.asked.token, wish.asked.days) if wish.asked else None,
    )  # fmt: skip
    return SourceCreated(**_facts(added, None), secret=secret)


async def list_sources(call: Call, _: None) -> SourceList:
    """Return every source."""
    found, at = await flow.sources(call.db), await sync.standings(call.db)
    own = [one for one in found if call.store in (None, one.store_id)]
    return SourceList(items=[SourceOut(**_facts(one, at.get(one.id))) for one in own])


async def rotate_source_secret(call: Call, _: None) -> SecretOut:
    """Make a new secret."""
    return SecretOut(
        secret=await flow.rotate_secret(
            call.db, call.vault, tenant_id=call.tenant_id, source_id=call.resource_id, actor=call.actor, now=call.now
        )
    )


async def set_source_asking(call: Call, wish: ScheduleWish) -> SourceOut:
    """Say where, with which token and how often a source is asked."""
    changed = await asking.set_asking(
        call.db, call.vault, source_id=call.resource_id, actor=call.actor, now=call.now,
        wish=asking.Schedule(wish.url, wish.token, wish.minutes, wish.days),
        allow_private_urls=call.rules.allow_private_urls,
    )  # fmt: skip
    return SourceOut(**_facts(changed, (await sync.standings(call.db)).get(changed.id)))


async def set_source_push(call: Call, wish: PushWish) -> PushOut:
    """Say which returns are told to a source."""
    wanted = pushing.Pushing(wish.url, tuple(wish.kinds), wish.moment)
    secret = await pushing.set_pushing(
        call.db, call.vault, source_id=call.resource_id, wish=wanted, actor=call.actor, now=call.now,
        allow_private_urls=call.rules.allow_private_urls,
    )  # fmt: skip
    return PushOut(url=wish.url if wish.kinds else None, kinds=list(wish.kinds), moment=wish.moment, secret=secret)


async def remove_source(call: Call, _: None) -> None:
    """Take nothing more from a source."""
    await flow.remove_source(call.db, source_id=call.resource_id, actor=call.actor, now=call.now)


def _facts(source: Connection, at: sync.Standing | None) -> dict[str, Any]:
    told = pushing.pushing_of(source)
    return {
        "id": source.id, "store_id": source.store_id, "name": source.far_name,
        "channel": source.settings.get("channel", "event"), "decides": bool(source.settings.get("decides", False)),
        "path": f"/hooks/feed/{source.id}", "created_at": source.created_at, "asked_url": source.base_url or None,
        "asked_minutes": asking.minutes_of(source) if source.base_url else None,
        "asked_at": at.ran_at if at else None, "problem": at.problem if at else None,
        "push_url": told.url if told.kinds else None, "push_kinds": list(told.kinds),
    }  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="add_source", method="POST", path="/sources", tag="Sources", status=201, needs_store=True, body=SourceWish,
        answer=SourceCreated, summary="Add a system that sends documents", do=add_source,
        description="The secret is shown in this answer alone. Messages are signed as Standard Webhooks 1.0.",
    ),
    Operation(
        id="list_sources", method="GET", path="/sources", tag="Sources", answer=SourceList,
        summary="List the systems that send documents", do=list_sources,
    ),
    Operation(
        id="rotate_source_secret", method="POST", path="/sources/{id}/rotate", tag="Sources", answer=SecretOut,
        missing=MISSING, summary="Make a new secret for a source", do=rotate_source_secret,
        description="The secret before it is taken until the next one is made.",
    ),
    Operation(
        id="set_source_asking", method="POST", path="/sources/{id}/asking", tag="Sources", body=ScheduleWish,
        answer=SourceOut, missing=MISSING, summary="Say where and how often a source is asked", do=set_source_asking,
        description="Also with a new token, where the one before was refused. What the source has sent stays known.",
    ),
    Operation(
        id="set_source_push", method="POST", path="/sources/{id}/push", tag="Sources", body=PushWish, answer=PushOut,
        missing=MISSING, summary="Say which returns are told to a source", do=set_source_push,
        description="For a system in which you prefer to work on returns. One source of a store is told; no kinds: never. "
        "Each return is told once, signed as Standard Webhooks 1.0, and followed by what the source says of it.",
    ),
    Operation(
        id="remove_source", method="DELETE", path="/sources/{id}", tag="Sources", status=204, missing=MISSING,
        summary="Take nothing more from a source", do=remove_source,
    ),
)  # fmt: skip
