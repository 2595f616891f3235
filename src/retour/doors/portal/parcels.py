"""The shopper's parcels: what to print or to show, and under which number a carrier has one."""

import re
from typing import Any, Final

from litestar import Response
from litestar.exceptions import NotFoundException

from retour.core.errors import Refused
from retour.core.label import standing
from retour.core.rma import Decision, Return
from retour.core.shipping import CARRIERS
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere, Here
from retour.doors.portal.following import own_return
from retour.flows import shipping
from retour.store import label as labels
from retour.store import look as looks
from retour.store import rma as rmas
from retour.store.db import Db
from retour.web.forms import Form, FormErrors
from retour.web.labels import MEDIA, LabelFile, file_name, label_file
from retour.web.pages import see
from retour.web.reader import Reader

_FILE: Final = re.compile(r"([1-9][0-9]{0,3})-(.+)")
_OTHER: Final = "other"  # a carrier that is not in the list


async def show_file(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Return a label, a code or a packing slip of a return of the proven order."""
    match = _FILE.fullmatch(str(request.path_params["file"]))
    kind = next((kind for kind in LabelFile if match and kind.value == match[2]), None)
    if match is None or kind is None:
        raise NotFoundException
    async with desk.here(request, handle) as here:
        row = await own_return(here, str(request.path_params["name"]))
        record = await rmas.load(here.db, row["id"])
        assert record is not None, "a return that was just read"
        wanted = [b.id for b in standing(record.rma) if b.parcel == int(match[1])]
        found = await labels.contents(here.db, desk.vault, row["id"], only=wanted)
        look, reader = await looks.get(here.db, here.store_id), here.reader
    if not found:
        raise NotFoundException
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{file_name(found[0], kind)}"',
        "X-Content-Type-Options": "nosniff",
    }
    content = await label_file(found[0], kind, look=look, reader=reader)
    return Response(content, media_type=MEDIA[kind], headers=headers)


# --- the number of a parcel -----------------------------------------------------------------------------------------------


async def ask_number(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Ask for the carrier and the number of a parcel."""
    async with desk.here(request, handle) as here:
        row = await own_return(here, str(request.path_params["name"]))
        return await _ask(here, row["id"], f"R-{row['number']}", Form({}), FormErrors())


async def take_number(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Announce the parcel that the shopper names."""
    sent, errors = await desk.form(request, handle), FormErrors()
    async with desk.here(request, handle) as here:
        row, proven, reader = await own_return(here, str(request.path_params["name"])), here.proven, here.reader
        number = f"R-{row['number']}"
        record = await rmas.load(here.db, row["id"])
    if record is None or not may_announce(record.rma):
        raise Elsewhere(f"/{number}")
    chosen = sent.text("carrier")
    carrier = sent.text("other") if chosen == _OTHER else chosen

    async def work(db: Db) -> None:
        await shipping.add_shipment(
            db, rma_id=row["id"], carrier=carrier, tracking_number=sent.text("tracking_number"), actor=proven.actor,
            now=desk.clock(),
        )  # fmt: skip

    try:
        await desk.database.run(here.tenant_id, work)
    except Refused as refused:
        if refused.code in ("not_approved", "return_not_found"):
            raise Elsewhere(f"/{number}") from refused
        errors.add(*_wrong(refused, reader, is_other=chosen == _OTHER))
        async with desk.here(request, handle) as here:
            return await _ask(here, row["id"], number, sent, errors, status=refused.status)
    return see(f"{here.base}/{number}")


def may_announce(ret: Return) -> bool:
    """Return whether a parcel of the return may still be announced: something is approved and not all here."""
    return any(line.decision is Decision.APPROVED and not line.kept for line in ret.lines)


async def _ask(
    here: Here, rma_id: Any, number: str, sent: Form, errors: FormErrors, *, status: int = 200
) -> Response[Any]:
    record = await rmas.load(here.db, rma_id)
    if record is None or not may_announce(record.rma):
        raise Elsewhere(f"/{number}")
    carriers = [(code, name) for code, (name, _) in CARRIERS.items()]
    return here.page(
        "parcel", status=status, number=number, sent=sent, errors=errors,
        carriers=[("", here.reader.say("Choose a carrier")), *carriers, (_OTHER, here.reader.say("Another carrier"))],
    )  # fmt: skip


def _wrong(refused: Refused, reader: Reader, *, is_other: bool) -> tuple[str, str]:
    say = reader.say
    match refused.code:
        case "invalid_carrier":
            return ("other" if is_other else "carrier"), say("Name the carrier")
        case "already_exists":
            return "tracking_number", say("This number is known already. Look at it again")
        case "too_many_parcels":
            return "tracking_number", say("That is more parcels than one return can have. Ask the shop")
        case _:
            return "tracking_number", say("Enter the number from your receipt: letters and digits")
