"""What the shop asks and the shopper answers, on the page of the return."""

from typing import Any, Final

from litestar import Response

from retour.core.errors import Refused
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere
from retour.doors.portal.following import ANSWER_MISSING, own_return
from retour.flows import rma as returns
from retour.store.db import Db
from retour.web.pages import see

FIELD: Final = "answer"


async def show(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Lead to the page of the return: the question stands there."""
    async with desk.here(request, handle) as here:
        row = await own_return(here, str(request.path_params["name"]))
        return see(f"{here.base}/R-{row['number']}")


async def take(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Take the answer and let the return go on; a question that is closed already takes none."""
    sent = await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        row, proven = await own_return(here, str(request.path_params["name"])), here.proven
        number = f"R-{row['number']}"

    async def work(db: Db) -> None:
        await returns.answer(
            db, rma_id=row["id"], text=sent.text(FIELD), actor=proven.actor, now=desk.clock(), order_id=proven.order_id
        )

    try:
        await desk.database.run(here.tenant_id, work)
    except Refused as refused:
        told = f"?said={ANSWER_MISSING}#{FIELD}" if refused.code == "text_missing" else ""
        raise Elsewhere(f"/{number}{told}") from refused
    return see(f"{here.base}/{number}")
