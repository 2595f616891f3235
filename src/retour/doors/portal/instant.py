"""What the shopper asks for with the new article at once."""

from typing import Any

from litestar import Response

from retour.core.errors import Refused
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere
from retour.doors.portal.following import own_return
from retour.flows import card_hold as flow
from retour.store.db import Db
from retour.web.pages import see


async def ask(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Ask for the new article at once, or for the provider's page once more."""
    await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        row, proven = await own_return(here, str(request.path_params["name"])), here.proven
        address = f"{here.base}/R-{row['number']}"
        if row["gift"]:
            raise Elsewhere(f"/R-{row['number']}")

    async def work(db: Db) -> None:
        await flow.ask(
            db, rma_id=row["id"], back_url=f"{desk.public_url.rstrip('/')}{address}", actor=proven.actor,
            policies=desk.policies, now=desk.clock(),
        )  # fmt: skip

    try:
        await desk.database.run(here.tenant_id, work)
    except Refused as refused:
        raise Elsewhere(f"/R-{row['number']}") from refused  # its page says how it stands now
    return see(address)
