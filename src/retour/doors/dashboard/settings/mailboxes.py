"""Settings of mailboxes: where shoppers write to, and how reading it goes; the password is sealed at once."""

from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.mail_server import Encryption
from retour.core.mailbox import Box
from retour.core.mailbox.box import PORTS
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_of
from retour.flows.intake import mailboxes as flow
from retour.store import sync
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "mailboxes"
_MISSING: Final = "mailbox_not_found"


def route_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"

    async def list_page(seen: Visit) -> Response[Any]:
        return await _list(seen, here, Form({}), FormErrors())

    async def add(seen: Visit) -> Response[Any]:
        return await _add(seen, here)

    async def password(seen: Visit) -> Response[Any]:
        return await _password(seen, here)

    return [
        page(desk, at, list_page),
        form(desk, at, add, OWNER),
        form(desk, f"{at}/{{mailbox_id:str}}/password", password, OWNER),
        form(desk, f"{at}/{{mailbox_id:str}}/remove", _remove, OWNER),
    ]


async def _list(
    seen: Visit, here: Installation, sent: Form, errors: FormErrors, *, changing: str = "", status: int = 200
) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found, standings = await flow.mailboxes(db), await sync.standings(db)
    own = [one for one in found if seen.staff.store_id in (None, one.store_id)]
    return await show(
        seen, AREA, status=status, sent=sent, errors=errors, changing=changing, plain=here.allow_private_urls,
        found=[(one, flow.box_of(one), standings.get(one.id)) for one in own],
    )  # fmt: skip


async def _add(seen: Visit, here: Installation) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()

    async def work(db: Db) -> None:
        store = await store_of(db, seen)
        await flow.add_mailbox(
            db, seen.desk.vault, store_id=store.id, name=sent.text("name"), box=_box(sent), password=sent.text("password"),
            days=_number(sent.text("days") or "0", "invalid_days", "days"), actor=seen.staff.actor, now=seen.now,
            allow_private=here.allow_private_urls,
        )  # fmt: skip

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or "name", explain(refused, seen.reader))
        return await _list(seen, here, sent, errors, status=422)
    return back_to(AREA, "mailbox_added")


async def _password(seen: Visit, here: Installation) -> Response[Any]:
    mailbox_id = uuid_of(seen.request.path_params["mailbox_id"], _MISSING)
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()

    async def work(db: Db) -> None:
        await flow.change_password(
            db,
            seen.desk.vault,
            mailbox_id=mailbox_id,
            password=sent.text(f"password-{mailbox_id}"),
            actor=seen.staff.actor,
            now=seen.now,
        )

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        if refused.code == _MISSING:
            raise
        errors.add(f"password-{mailbox_id}", explain(refused, seen.reader))
        return await _list(seen, here, Form({}), errors, changing=str(mailbox_id), status=422)
    return back_to(AREA, "mailbox_added")


async def _remove(seen: Visit) -> Response[Any]:
    mailbox_id = uuid_of(seen.request.path_params["mailbox_id"], _MISSING)

    async def work(db: Db) -> None:
        await flow.remove_mailbox(db, mailbox_id=mailbox_id, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA, "disconnected")


def _box(sent: Form) -> Box:
    """Return the mailbox of the form; without a port the usual one of its encryption."""
    said = sent.text("encryption", Encryption.AT_ONCE.value)
    if said not in {one.value for one in PORTS}:
        raise Refused("invalid_encryption", "one of at_once, always", field="encryption")
    encryption = Encryption(said)
    port = _number(sent.text("port"), "invalid_port", "port") if sent.text("port") else PORTS[encryption]
    return Box(
        sent.text("host"), port, encryption, sent.text("user"), sent.text("folder") or "INBOX", sent.text("address")
    )


def _number(text: str, code: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Refused(code, "expected a number", field=field)
    return int(text)
