"""The public REST API as one router under /api/v1."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Request, Response, Router
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler

from retour.doors.api import (
    attention,
    card_holds,
    card_providers,
    counters,
    discrepancies,
    effects,
    events,
    exchange_orders,
    exchanges,
    explanations,
    fees,
    intake_imports,
    intakes,
    isv,
    kits,
    labels,
    mailboxes,
    orders,
    partners,
    payments,
    policies,
    privacy,
    queues,
    reasons,
    received,
    repairs,
    resolutions,
    return_actions,
    return_addresses,
    return_bulk,
    return_list,
    return_turns,
    returns,
    settlements,
    shoppers,
    simulations,
    sources,
    uploads,
    webhook_endpoints,
    withdrawals,
)
from retour.doors.api.calling import Answering, Desk
from retour.doors.api.docs import docs_handlers
from retour.doors.api.isv_calling import IsvAnswering
from retour.doors.api.openapi import document
from retour.doors.api.operation import Operation, Rules
from retour.store.db import Database
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.web.problem import exception_handlers
from retour.web.rate import Meter
from retour.web.sign_in import Doorkeeper

PATH: Final = "/api/v1"
BODY_MOST: Final = 1_000_000  # bytes

OPERATIONS: Final[tuple[Operation, ...]] = (
    *orders.OPERATIONS,
    *uploads.OPERATIONS,
    *return_list.OPERATIONS,
    *returns.OPERATIONS,
    *exchanges.OPERATIONS,
    *exchange_orders.OPERATIONS,
    *card_holds.OPERATIONS,
    *card_providers.OPERATIONS,
    *fees.OPERATIONS,
    *return_actions.OPERATIONS,
    *return_bulk.OPERATIONS,
    *return_turns.OPERATIONS,
    *attention.OPERATIONS,
    *settlements.OPERATIONS,
    *explanations.OPERATIONS,
    *labels.OPERATIONS,
    *return_addresses.OPERATIONS,
    *partners.OPERATIONS,
    *kits.OPERATIONS,
    *counters.OPERATIONS,
    *repairs.OPERATIONS,
    *resolutions.OPERATIONS,
    *reasons.OPERATIONS,
    *effects.OPERATIONS,
    *payments.OPERATIONS,
    *policies.OPERATIONS,
    *discrepancies.OPERATIONS,
    *queues.OPERATIONS,
    *shoppers.OPERATIONS,
    *privacy.OPERATIONS,
    *events.OPERATIONS,
    *simulations.OPERATIONS,
    *webhook_endpoints.OPERATIONS,
    *withdrawals.OPERATIONS,
    *intakes.OPERATIONS,
    *intake_imports.OPERATIONS,
    *sources.OPERATIONS,
    *mailboxes.OPERATIONS,
    *received.OPERATIONS,
)
ISV_OPERATIONS: Final[tuple[Operation, ...]] = isv.OPERATIONS  # of integrators, with keys of their own


def create_api(
    database: Database,
    vault: Vault,
    *,
    policies: PolicyCache | None = None,
    allow_private_urls: bool = False,
    public_url: str = "",
    meter: Meter | None = None,
) -> Router:
    """Return the router of the API, to be mounted by an application whose handlers are `web.problem`'s.

    `database` is opened as the app role, `vault` needs the house key alone; `meter` counts the calls of each key, without
    one they are not limited.
    """
    rules = Rules(allow_private_urls=allow_private_urls, public_url=public_url)
    desk = Desk(database, vault, Doorkeeper(database, meter), policies or PolicyCache(), rules)
    by_path: dict[str, list[Operation]] = {}
    for operation in (*OPERATIONS, *ISV_OPERATIONS):
        by_path.setdefault(operation.path, []).append(operation)
    return Router(
        path=PATH,
        route_handlers=[
            *docs_handlers(document((*OPERATIONS, *ISV_OPERATIONS))),
            *(_handler(path, there, desk) for path, there in by_path.items()),
        ],
        exception_handlers=exception_handlers(),
        request_max_body_size=BODY_MOST,
    )


def _handler(path: str, operations: Sequence[Operation], desk: Desk) -> HTTPRouteHandler:
    """Return the one handler of a path: it knows all methods there, and so what to say to OPTIONS."""
    answering: dict[str, Answering] = {
        o.method: (IsvAnswering if o in ISV_OPERATIONS else Answering)(o, desk) for o in operations
    }
    allowed = {"Allow": ", ".join(sorted([*answering, "OPTIONS"]))}

    async def call(request: Request[Any, Any, Any]) -> Response[bytes]:
        if request.method == "OPTIONS":
            return Response(b"", status_code=204, headers=allowed, media_type="text/plain")
        return await answering[request.method](request)

    methods = [HttpMethod(method) for method in (*answering, "OPTIONS")]
    files = [operation.raw.most_bytes for operation in operations if operation.raw]
    return HTTPRouteHandler(
        path.replace("{id}", "{id:str}"), http_method=methods, status_code=200, include_in_schema=False,
        request_max_body_size=max([BODY_MOST, *files]),
    )(call)  # fmt: skip
