"""Mailboxes over the API: where shoppers write to; added with a password that is never told again, and removed."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Meta

from retour.core.mail_server import Encryption
from retour.core.mailbox import Box
from retour.core.mailbox.box import PORTS
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import Asked, Told
from retour.flows.intake import mailboxes as flow
from retour.store import sync
from retour.store.connection import Connection

MISSING: Final = "mailbox_not_found"
_Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\u0000-\u001f\u007f]*$")]


class MailboxWish(Asked):
    """A folder that shoppers write to; without a port the usual one of its encryption (993 or 143)."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    host: Annotated[str, Meta(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:-]*$")]
    user: _Line
    password: _Line
    encryption: Literal["at_once", "always", "never"] = "at_once"
    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    folder: _Line = "INBOX"
    address: Annotated[str, Meta(max_length=254, pattern=r"^[^\u0000]*$")] = ""
    days: Annotated[int, Meta(ge=0, le=90, description="How far back mail that is there already is read.")] = 0


class PasswordWish(Asked):
    """Another password for the same mailbox."""

    password: _Line


class MailboxOut(Told):
    """A mailbox, never its password; `problem` is why the last look found nothing out."""

    id: UUID
    store_id: UUID
    name: str
    host: str
    port: int
    encryption: str
    user: str
    folder: str
    address: str | None
    state: str
    looked_at: datetime | None
    problem: str | None
    created_at: datetime


class MailboxList(Told):
    """Every mailbox that is read."""

    items: list[MailboxOut]


async def add_mailbox(call: Call, wish: MailboxWish) -> MailboxOut:
    """Read a mailbox from now on."""
    encryption = Encryption(wish.encryption)
    box = Box(wish.host, wish.port or PORTS[encryption], encryption, wish.user, wish.folder, wish.address)
    added = await flow.add_mailbox(
        call.db, call.vault, store_id=call.store_id, name=wish.name, box=box, password=wish.password, days=wish.days,
        actor=call.actor, now=call.now, allow_private=call.rules.allow_private_urls,
    )  # fmt: skip
    return MailboxOut(**_facts(added, None))


async def list_mailboxes(call: Call, _: None) -> MailboxList:
    """Return every mailbox that is read."""
    found, at = await flow.mailboxes(call.db), await sync.standings(call.db)
    own = [one for one in found if call.store in (None, one.store_id)]
    return MailboxList(items=[MailboxOut(**_facts(one, at.get(one.id))) for one in own])


async def change_mailbox_password(call: Call, wish: PasswordWish) -> MailboxOut:
    """Read a mailbox with another password."""
    await flow.change_password(
        call.db, call.vault, mailbox_id=call.resource_id, password=wish.password, actor=call.actor, now=call.now
    )
    found = await flow.mailbox_of(call.db, call.resource_id)
    return MailboxOut(**_facts(found, (await sync.standings(call.db)).get(found.id)))


async def remove_mailbox(call: Call, _: None) -> None:
    """Read a mailbox no more."""
    await flow.remove_mailbox(call.db, mailbox_id=call.resource_id, actor=call.actor, now=call.now)


def _facts(found: Connection, at: sync.Standing | None) -> dict[str, Any]:
    box = flow.box_of(found)
    return {
        "id": found.id, "store_id": found.store_id, "name": found.far_name, "host": box.host, "port": box.port,
        "encryption": box.encryption.value, "user": box.user, "folder": box.folder, "address": box.own_address or None,
        "state": found.state, "looked_at": at.ran_at if at else None, "problem": at.problem if at else None,
        "created_at": found.created_at,
    }  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="add_mailbox", method="POST", path="/mailboxes", tag="Sources", status=201, needs_store=True, body=MailboxWish,
        answer=MailboxOut, summary="Read a mailbox that shoppers write to", do=add_mailbox,
        description="Over IMAP, every two minutes. What is written there becomes a draft for people, or a message on the "
        "return that it answers. Nothing is moved or deleted; what was read is marked as seen.",
    ),
    Operation(
        id="list_mailboxes", method="GET", path="/mailboxes", tag="Sources", answer=MailboxList,
        summary="List the mailboxes that are read", do=list_mailboxes,
    ),
    Operation(
        id="change_mailbox_password", method="POST", path="/mailboxes/{id}/password", tag="Sources", body=PasswordWish,
        answer=MailboxOut, missing=MISSING, summary="Read a mailbox with another password", do=change_mailbox_password,
    ),
    Operation(
        id="remove_mailbox", method="DELETE", path="/mailboxes/{id}", tag="Sources", status=204, missing=MISSING,
        summary="Read a mailbox no more", do=remove_mailbox,
    ),
)  # fmt: skip
