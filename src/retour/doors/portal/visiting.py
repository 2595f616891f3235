"""Bringing goods to a counter: the code to show there."""

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from retour.core.rma.state import IN_STORE
from retour.doors.portal.desk import AnyRequest, Desk
from retour.doors.portal.following import own_return
from retour.web.barcodes import qr_svg


async def show_code(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Return the code of a return that is brought to a counter; 404 for any other."""
    async with desk.here(request, handle) as here:
        row = await own_return(here, str(request.path_params["name"]))
        if row["method"] != IN_STORE:
            raise NotFoundException
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(qr_svg(f"R-{row['number']}").encode(), media_type="image/svg+xml", headers=headers)
