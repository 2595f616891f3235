"""What a store counts as a sign of abuse, and who is on a list: every entry with its reason and a name, and kept."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.fraud import KeyKind, Thresholds, fold_key
from retour.store import account, event, fraud
from retour.store.db import Db

List = Literal["block", "allow"]
REASON_MOST: Final = 1_000
APPEAL_MOST: Final = 1_000
VALUE_MOST: Final = 320


async def list_shopper(
    db: Db, *, list_: List, kind: KeyKind, value: str, reason: str, actor: str, now: datetime
) -> UUID:
    """Put a shopper on a list and return the entry; kept are a hash, a hint and why, never the value itself.

    A blocked shopper's request is looked at by a person; nothing refuses it. Refuses invalid_value, reason_missing,
    reason_too_long, already_exists.
    """
    folded = fold_key(kind, value[:VALUE_MOST])
    if folded is None or "\x00" in value:
        raise Refused("invalid_value", f"that is no {kind.value}", field="value")
    why = _reason(reason)
    made = await fraud.add_entry(
        db, list_=list_, kind=kind, folded=folded, hint=_hint(kind, folded), reason=why, actor=actor, at=now
    )
    if made is None:
        raise Refused("already_exists", "the shopper is on that list", field="value")
    await _tell(db, EventType.SHOPPER_LISTED, made, list_, kind.value, actor, now)
    return made


async def unlist_shopper(db: Db, *, entry_id: UUID, actor: str, now: datetime) -> None:
    """Take a shopper off a list; the entry stays readable in the log. Refuses entry_not_found."""
    found = await fraud.remove_entry(db, entry_id, actor=actor, at=now)
    if found is None:
        raise Refused("entry_not_found", "there is no such entry")
    await _tell(db, EventType.SHOPPER_UNLISTED, entry_id, *found, actor, now)


async def change_limits(
    db: Db, *, store_id: UUID, limits: Thresholds, appeal: str | None, actor: str, now: datetime
) -> None:
    """Keep from which figures on a store sees a sign, and what it tells a shopper whom a person looks at.

    Refuses store_not_found, invalid_limit (with its field), text_too_long.
    """
    if await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store", field="store_id")
    bounds = {"share_bp": (0, 10_000), "review_from": (1, 100)}
    for name in Thresholds.__slots__:
        value = getattr(limits, name)
        least, most = bounds.get(name, (1, 1_000))
        if value is not None and not least <= value <= most:
            raise Refused("invalid_limit", f"{name} is from {least} to {most}", field=name)
    text = (appeal or "").strip() or None
    if text is not None and len(text) > APPEAL_MOST:
        raise Refused("text_too_long", f"at most {APPEAL_MOST} characters", field="appeal")
    await fraud.save_limits(db, store_id, limits, appeal=text)
    facts: dict[str, object] = {name: getattr(limits, name) for name in Thresholds.__slots__}
    await event.put(
        db, EventType.STORE_CHANGED, resource_kind="store", resource_id=store_id, store_id=store_id, actor=actor, at=now,
        data={"signs": facts},
    )  # fmt: skip


def _hint(kind: KeyKind, folded: str) -> str:
    """Return what tells entries apart without telling whom: the first sign, and for a mailbox its domain."""
    if kind is KeyKind.EMAIL:
        local, _, domain = folded.rpartition("@")
        return f"{local[0]}…@{domain}"[:40]
    return f"…{folded[-2:]}" if kind is not KeyKind.PERSON else folded[:8]


def _reason(text: str) -> str:
    clean = text.replace("\x00", "").strip()
    if not clean:
        raise Refused("reason_missing", "say why", field="reason")
    if len(clean) > REASON_MOST:
        raise Refused("reason_too_long", f"a reason has at most {REASON_MOST} characters", field="reason")
    return clean


async def _tell(db: Db, what: EventType, entry_id: UUID, list_: str, kind: str, actor: str, now: datetime) -> None:
    await event.put(
        db, what, resource_kind="shopper_list", resource_id=entry_id, actor=actor, at=now,
        data={"list": list_, "kind": kind},
    )  # fmt: skip
