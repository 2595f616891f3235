"""Saying where one is: the sender of the labels of a return, and where what is sent to the shopper goes."""

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from retour.core.errors import Refused
from retour.core.rma.shopper import shopper_may_move
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere, Here
from retour.doors.portal.following import own_return
from retour.flows import rma as flow
from retour.store import exchange_order as exchange_orders
from retour.store import rma as rmas
from retour.store.db import Db, Record
from retour.store.rma import ReturnRecord
from retour.web.forms import Form, FormErrors
from retour.web.pages import see
from retour.web.postal_form import countries, filled, typed, wrong


async def show(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show where the shopper is, to be changed; of a gift only what its receiver said before."""
    async with desk.here(request, handle) as here:
        row, record = await _read(here, request)
        known = filled(await flow.address_of(here.db, desk.vault, record))
        return await _page(here, row, known, FormErrors())


async def take(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Keep where the shopper is now."""
    sent, errors = await desk.form(request, handle), FormErrors()
    async with desk.here(request, handle) as here:
        row, _ = await _read(here, request)
        proven, reader, back = here.proven, here.reader, f"/R-{row['number']}"

    async def work(db: Db) -> None:
        await flow.change_address(
            db, desk.vault, rma_id=row["id"], address=typed(sent), actor=proven.actor, now=desk.clock(),
            order_id=proven.order_id,
        )  # fmt: skip

    try:
        await desk.database.run(here.tenant_id, work)
    except Refused as refused:
        if refused.code != "invalid_address":
            raise Elsewhere(back) from refused  # the page shows how the return stands by now
        errors.add(*wrong(refused, reader))
        async with desk.here(request, handle) as here:
            return await _page(here, row, sent, errors, status=refused.status)
    return see(f"{here.base}{back}")


async def _read(here: Here, request: AnyRequest) -> tuple[Record, ReturnRecord]:
    row = await own_return(here, str(request.path_params["name"]))
    record = await rmas.load(here.db, row["id"])
    if record is None:
        raise NotFoundException
    if not shopper_may_move(record.rma):
        raise Elsewhere(f"/R-{row['number']}")
    return row, record


async def _page(here: Here, row: Record, form: Form, errors: FormErrors, *, status: int = 200) -> Response[Any]:
    orders = await exchange_orders.list_of_rma(here.db, row["id"])
    return here.page(
        "address", status=status, number=f"R-{row['number']}", form=form, errors=errors,
        countries=countries(here.reader), keeps=any(order.is_drafted for order in orders),
    )  # fmt: skip
