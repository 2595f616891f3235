"""The money of a return as a paper to keep: the same rows as on its page, in the reader's language."""

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from retour.core.promise import kept
from retour.doors.portal.desk import AnyRequest, Desk
from retour.doors.portal.following import outside_of, own_return
from retour.doors.portal.offers import names_of
from retour.store import look as looks
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import rma as rmas
from retour.web.explanation import Account, as_file, explanation_pdf


async def show_paper(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Return the explanation of a return of the proven order as a PDF."""
    async with desk.here(request, handle) as here:
        row = await own_return(here, str(request.path_params["name"]))
        if row["gift"]:
            raise NotFoundException  # whoever got a gift is not told what it cost
        record = await rmas.load(here.db, row["id"])
        order = await orders.load(here.db, row["order_id"])
        assert record is not None, "a return that was just read"
        assert order is not None, "a return stands on its order"
        promised = await rmas.promised(here.db, row["id"])
        paid = refunds.plans_of(await refunds.list_of_rma(here.db, row["id"]))
        look, reader = await looks.get(here.db, here.store_id), here.reader
        outside = outside_of(row, await names_of(here))
    told = kept(record.rma, promised, paid)
    account = Account(f"R-{row['number']}", order.order, promised, paid, told, outside)
    return as_file(await explanation_pdf(account, look=look, reader=reader), account.number)
