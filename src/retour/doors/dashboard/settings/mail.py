"""Settings of mail: whether a store tells its shoppers, from which address, and what could not be told."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.mail import OPTIONAL, MailKind
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_id_of
from retour.flows import mail as flow
from retour.store import discrepancy
from retour.store import mail as mails
from retour.store.db import Db
from retour.store.mail import REFUSED, UNKNOWN, Sender
from retour.web.forms import Form, FormErrors, read_form
from retour.web.session import DESK

AREA: Final = "mail"
MOST: Final = 50


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# In the order in which a shopper gets them.
_KINDS: Final[Mapping[MailKind, str]] = {
    MailKind.RETURN_REQUESTED: _("Their request has arrived"),
    MailKind.RETURN_INFO_NEEDED: _("You asked them something"),
    MailKind.RETURN_MESSAGE: _("You wrote to them"),
    MailKind.RETURN_APPROVED: _("Their return is approved"),
    MailKind.RETURN_REJECTED: _("Lines of their return are not approved, and why"),
    MailKind.RETURN_EDITED: _("Their return was changed"),
    MailKind.RETURN_REMINDER: _("A reminder, before a return expires"),
    MailKind.RETURN_EXPIRED: _("Their return has expired"),
    MailKind.RETURN_RECEIVED: _("Their parcel has arrived"),
    MailKind.RETURN_REFUNDED: _("Their refund is on its way, to the cent"),
}
assert set(_KINDS) == OPTIONAL, "every kind that can be switched off has its words"


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [
        page(desk, at, _page),
        form(desk, at, _change, OWNER),
        form(desk, f"{at}/{{mail_id:str}}/send-again", _send_again, DESK),
    ]


async def _page(seen: Visit) -> Response[str]:
    return await _form(seen, None, FormErrors())


async def _form(seen: Visit, sent: Form | None, errors: FormErrors, *, status: int = 200) -> Response[str]:
    store_id = await store_id_of(seen)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        sender = await mails.sender_of(db, store_id)
        shown = await discrepancy.list_open(db, store_id=store_id)
    missed = [each for each in shown if each.kind in (REFUSED, UNKNOWN)][:MOST]
    typed: dict[str, Any] = _typed(sender or Sender(active=False))
    if sent is not None:
        typed = {"address": sent.text("address"), "reply_to": sent.text("reply_to"), "active": sent.checked("active"),
                 "staff_address": sent.text("staff_address"),
                 "kinds": sent.texts("kinds")}  # fmt: skip
    kinds = [(kind.value, seen.reader.say(words)) for kind, words in _KINDS.items()]
    return await show(
        seen, AREA, status=status, errors=errors, typed=typed, kinds=kinds, missed=missed, told=dict(kinds)
    )


def _typed(sender: Sender) -> dict[str, Any]:
    return {
        "address": sender.address or "", "reply_to": sender.reply_to or "",
        "staff_address": sender.staff_address or "", "active": sender.active,
        "kinds": [kind.value for kind in _KINDS if kind not in sender.silent],
    }  # fmt: skip


async def _change(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    store_id, wanted = await store_id_of(seen), set(sent.texts("kinds"))
    sender = Sender(
        address=sent.text("address") or None, reply_to=sent.text("reply_to") or None, active=sent.checked("active"),
        staff_address=sent.text("staff_address") or None,
        silent=frozenset(kind for kind in _KINDS if kind.value not in wanted),
    )  # fmt: skip

    async def work(db: Db) -> None:
        await flow.change_sender(db, store_id=store_id, sender=sender, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or "address", explain(refused, seen.reader))
        return await _form(seen, sent, errors, status=refused.status)
    return back_to(AREA, "saved")


async def _send_again(seen: Visit) -> Response[Any]:
    await read_form(seen.request, token=seen.staff.csrf)
    mail_id = uuid_of(seen.request.path_params["mail_id"], "mail_not_found")

    async def work(db: Db) -> None:
        await flow.send_again(db, mail_id=mail_id, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors = FormErrors()
        errors.add("address", explain(refused, seen.reader))
        return await _form(seen, None, errors, status=refused.status)
    return back_to(AREA, "sent_again")
