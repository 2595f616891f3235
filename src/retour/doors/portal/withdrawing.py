"""The function to withdraw from a contract: no sign-in, two steps, an acknowledgement; it tells nothing about orders."""

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException

from retour.core import visit as visits
from retour.core import withdrawal as rules
from retour.core.errors import Refused
from retour.core.visit import VisitState
from retour.core.withdrawal import Statement
from retour.doors.portal.desk import AnyRequest, Desk, Here, sha256
from retour.flows import withdrawal as flow
from retour.store import order as orders
from retour.store import withdrawal as withdrawals
from retour.store.ids import new_id
from retour.store.withdrawal import Withdrawal
from retour.web.forms import Form, FormErrors
from retour.web.pages import see
from retour.web.reader import Reader

CHANNEL: Final = "portal"
ACTOR: Final = "shopper"
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def show_statement(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show the form of the statement, filled in with what is known of a shopper who is in already."""
    async with desk.here(request, handle) as here:
        return _statement(here, await _known(here))


async def check_statement(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Take the statement and show it once more, with the button that makes it count; nothing is kept yet."""
    form = await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        said = _said(form)
        if form.text("change"):
            return _statement(here, said)
        try:
            said = rules.sound(said)
        except Refused as no:
            return _statement(here, said, status=422, errors=_wrong(no, here.reader))
        return here.page("withdraw_confirm", said=said, id=form.text("id") or str(new_id()), notice=None)


async def confirm_statement(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Keep the statement and acknowledge it; sent twice, it is one."""
    form = await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        said, id_ = _said(form), await _id(here, form.text("id"))
        place = flow.Place(here.tenant_id, here.store_id, here.portal.timezone, CHANNEL, ACTOR)
        try:
            await flow.state(
                here.db, desk.vault, place, id=id_, said=said, language=here.reader.language, now=here.now,
                token_sha256=sha256(here.token), address=here.address,
            )  # fmt: skip
        except Refused as no:
            if no.code == "too_many_requests":
                return _slowed(here, no, said, id_)
            return _statement(here, said, status=422, errors=_wrong(no, here.reader))
        return here.keep(see(f"{here.base}/withdraw/{id_}"))


async def show_received(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show the acknowledgement to the browser that made the statement, and to no other."""
    async with desk.here(request, handle) as here:
        found = await _mine(here, str(request.path_params.get("id", "")))
        if found is None or found.said is None:
            raise NotFoundException
        return here.page(
            "withdraw_received", said=found.said, at=found.received_at, reference=found.content_sha256[:12]
        )


def _statement(here: Here, said: Statement, *, status: int = 200, errors: FormErrors | None = None) -> Response[Any]:
    return here.page("withdraw", status=status, errors=errors or FormErrors(), typed=said)


def _slowed(here: Here, no: Refused, said: Statement, id_: UUID) -> Response[Any]:
    seconds = int(no.facts.get("wait_s") or 0)
    said_so = here.reader.say_plural(
        "Many withdrawals came from your network. Nothing is lost: confirm again in %(n)s second.",
        "Many withdrawals came from your network. Nothing is lost: confirm again in %(n)s seconds.",
        seconds,
    )
    return here.page(
        "withdraw_confirm", status=429, said=said, id=str(id_), notice=said_so, headers={"Retry-After": str(seconds)}
    )


def _said(form: Form) -> Statement:
    return Statement(form.text("name"), form.text("number"), form.text("contact"), form.text("goods"))


async def _known(here: Here) -> Statement:
    """Return what a proven visit already knows, so that it need not be typed; else an empty statement."""
    visit = here.visit
    is_in = visit is not None and visit.state is VisitState.PROVEN and here.now - visit.seen_at <= visits.IDLE
    if visit is None or not is_in or visit.order_id is None or visit.person_id is None:
        return Statement("", "", "")
    record, person = await orders.load(here.db, visit.order_id), await orders.load_person(here.db, visit.person_id)
    return Statement(
        (person.name or "") if person else "",
        record.order.name if record else "",
        (person.email or "") if person else "",
    )


async def _id(here: Here, text: str) -> UUID:
    """Return the id that this browser's confirmation has; an id that is another's, or none, becomes a new one."""
    if not _UUID.fullmatch(text):
        return new_id()
    found = await withdrawals.get(here.db, here.desk.vault, uuid.UUID(text), tenant_id=here.tenant_id)
    return uuid.UUID(text) if found is None or found.token_sha256 == sha256(here.token) else new_id()


async def _mine(here: Here, text: str) -> Withdrawal | None:
    if not _UUID.fullmatch(text):
        return None
    found = await withdrawals.get(here.db, here.desk.vault, uuid.UUID(text), tenant_id=here.tenant_id)
    mine = found is not None and found.store_id == here.store_id and found.token_sha256 == sha256(here.token)
    return found if mine else None


def _wrong(no: Refused, reader: Reader) -> FormErrors:
    errors, texts = FormErrors(), _texts(reader)
    for one in no.objections or (no,):
        errors.add(one.field or "name", texts.get((one.code, one.field or ""), reader.say("This is too long.")))
    return errors


def _texts(reader: Reader) -> Mapping[tuple[str, str], str]:
    return {
        ("name_required", "name"): reader.say("Enter your name."),
        ("number_required", "number"): reader.say("Enter the number of the order or contract."),
        ("invalid_email", "contact"): reader.say("Enter an e-mail address such as name@example.com."),
    }
