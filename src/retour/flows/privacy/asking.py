"""People, staff and programs ask: for everything that is held of a person, or that it be erased."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.privacy import ANSWER_WITHIN, RequestKind, RequestState
from retour.store import event
from retour.store.db import Db
from retour.store.order.people import fold_email
from retour.store.privacy import rows
from retour.store.privacy.rows import Request
from retour.store.vault import NotMyKey, Vault

RESOURCE: Final = "privacy_request"


async def ask_export(
    db: Db, *, person_id: UUID, actor: str, now: datetime, far_ref: str | None = None
) -> tuple[UUID, bool]:
    """Ask for everything that is held of a person; (id, False) if that waits already. Refuses person_not_found, person_erased."""
    return await _ask(db, RequestKind.EXPORT, person_id=person_id, actor=actor, now=now, far_ref=far_ref)


async def ask_erasure(
    db: Db, *, person_id: UUID, actor: str, now: datetime, far_ref: str | None = None
) -> tuple[UUID, bool]:
    """Ask that a person be erased; (id, False) if that waits already. Refuses person_not_found, person_erased.

    It happens once nothing is open with the person: returns, money, calls, withdrawals.
    """
    return await _ask(db, RequestKind.ERASURE, person_id=person_id, actor=actor, now=now, far_ref=far_ref)


async def of_email(db: Db, email: str, *, store_id: UUID | None) -> list[UUID]:
    """Return the people with that address; refuses person_not_found if there is none."""
    folded = fold_email(email)
    found = await rows.by_email(db, folded, store_id=store_id) if folded else []
    if not found:
        raise Refused("person_not_found", "nobody with that address is known", field="email")
    return found


async def cancel(db: Db, *, request_id: UUID, actor: str, now: datetime) -> None:
    """Take back a request that waits. Refuses request_not_found; request_over, also once the erasing has begun."""
    found = await rows.get(db, request_id)
    if found is None:
        raise Refused("request_not_found", "there is no such request")
    if not await rows.end(db, request_id, RequestState.CANCELLED, at=now, facts=found.facts, why="taken_back"):
        raise Refused(
            "request_over", "the request is over or being carried out; what was erased cannot be brought back"
        )
    await tell(db, EventType.PRIVACY_CANCELLED, found, actor=actor, now=now)


async def download(db: Db, vault: Vault, *, request_id: UUID, n: int, actor: str, now: datetime) -> bytes:
    """Return a part of an export as a zip file, and write down who took it.

    Refuses request_not_found; archive_not_found where nothing is ready, its time is over, or the person was erased.
    """
    found = await rows.get(db, request_id)
    if found is None:
        raise Refused("request_not_found", "there is no such request")
    part = await rows.part(db, request_id, n, now=now)
    if part is None:
        raise Refused("archive_not_found", "there is no such file (any more)")
    try:
        plain = vault.unlock_for_person(
            part["sealed"], person_key=part["sealed_key"], tenant_id=part["tenant_id"], person_id=part["person_id"]
        )
    except NotMyKey as error:
        raise Refused("archive_not_found", "there is no such file (any more)") from error
    await rows.lock(db, request_id)
    await tell(db, EventType.PRIVACY_DOWNLOADED, found, actor=actor, now=now, part=n)
    return plain


async def tell(db: Db, what: EventType, request: Request, *, actor: str, now: datetime, **more: object) -> None:
    """Append the event of a request: what was asked for, about whom (by id), and counts."""
    data = {"kind": request.kind.value, "person_id": request.person_id} | more
    await event.tell(
        db, [(what, actor)], resource_kind=RESOURCE, resource_id=request.id, store_id=request.store_id, at=now,
        data={key: value for key, value in data.items() if value is not None},
    )  # fmt: skip


async def _ask(
    db: Db, kind: RequestKind, *, person_id: UUID, actor: str, now: datetime, far_ref: str | None
) -> tuple[UUID, bool]:
    person = await rows.person(db, person_id)
    if person is None:
        raise Refused("person_not_found", "there is no such person", field="person_id")
    if person["erased_at"] is not None:
        raise Refused("person_erased", "nothing is held of that person any more", field="person_id")
    made, new = await rows.add(
        db, kind, store_id=person["store_id"], person_id=person_id, actor=actor, now=now, answer_within=ANSWER_WITHIN,
        due_at=now, far_ref=far_ref,
    )  # fmt: skip
    if new:
        request = await rows.get(db, made)
        assert request is not None, "it was just added"
        await tell(db, EventType.PRIVACY_ASKED, request, actor=actor, now=now)
    return made, new
