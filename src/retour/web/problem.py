"""Errors as the outside sees them: problem+json of RFC 9457, with a stable code and never an internal."""

import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import asyncpg
import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from retour.core.errors import Objection, Refused, Scalar
from retour.store.db import constraint_name
from retour.store.idempotency import StillRunning

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 2
_log: Final = structlog.get_logger("retour.web")

# What the database refuses when two requests meet, or when a check before it was too kind.
CONSTRAINTS: Final[Mapping[str, tuple[str, str]]] = {
    "one_return_per_unit": ("more_than_returnable", "another return already claims these units"),
    "not_more_than_fulfilled": ("more_than_returnable", "more units than were delivered and are not in a return"),
    "never_negative": ("state_changed", "the return has changed meanwhile"),
    "a_unit_arrives_once": ("already_received", "these units were received already"),
    "received_is_in_return": ("more_than_returnable", "more units than the return holds"),
    "a_unit_is_judged_once": ("already_inspected", "these units were inspected already"),
    "inspected_is_received": ("not_received", "only received units can be inspected"),
    "a_unit_restocks_once": ("already_restocked", "these units were restocked already"),
    "a_unit_is_settled_once": ("line_exhausted", "these units were paid back already"),
    "no_over_refund": ("tender_exhausted", "the payment has not that much left"),
    "store_tenant_id_shop_name_key": ("already_exists", "the account has a store of that name"),
    "staff_tenant_id_email_folded_key": ("already_exists", "somebody of the staff has that address"),
    "connection_tenant_id_platform_far_name_key": ("already_exists", "that shop is connected already"),
    "shipment_tenant_id_carrier_tracking_number_key": ("already_exists", "that parcel is known already"),
    "effect_move": ("move_not_allowed", "the effect cannot move like that"),
}
_CODES: Final = {
    400: "bad_request", 401: "not_signed_in", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    413: "body_too_large", 415: "unsupported_media_type", 429: "too_many_requests",
}  # fmt: skip


class Reason(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One of several reasons."""

    code: str
    message: str
    field: str | None = None


class Problem(msgspec.Struct, omit_defaults=True, kw_only=True):
    """An error answer (RFC 9457): `code` is stable, `field` names the part of the request, `facts` the figures."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None = None
    facts: dict[str, Scalar] | None = None
    objections: list[Reason] | None = None
    instance: str | None = None


class ProblemError(Exception):
    """An error of the request itself, told with a status of its own."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        facts: Mapping[str, Scalar] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.field = status, code, detail, field
        self.headers, self.facts = dict(headers or {}), dict(facts or {})


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    field: str | None = None,
    facts: Mapping[str, Scalar] | None = None,
    objections: Sequence[Objection] = (),
    headers: Mapping[str, str] | None = None,
    instance: str | None = None,
) -> Response[bytes]:
    """Return the answer for an error."""
    body = Problem(
        type=f"urn:retour:problem:{code}", title=HTTPStatus(status).phrase, status=status, code=code, detail=detail,
        field=field, facts=dict(facts) if facts else None, instance=instance,
        objections=[Reason(code=o.code, message=o.message, field=o.field) for o in objections] or None,
    )  # fmt: skip
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def exception_handlers() -> ExceptionHandlersMap:
    """Return what turns every exception into a problem; for the application and for each JSON door."""
    return {Exception: answer}


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Return the problem of an exception; what is nobody's fault but ours is logged under an id and told as 500."""
    known = _known(error)
    if known is not None:
        return known
    instance = f"urn:retour:error:{secrets.token_hex(8)}"
    _log.error("unexpected error", error_id=instance, method=request.method, path=request.url.path, exc_info=error)
    return problem(500, "unexpected", "Something went wrong on our side; nothing was changed.", instance=instance)


def _known(error: Exception) -> Response[bytes] | None:
    match error:
        case Refused():
            return problem(
                error.status, error.code, error.message, field=error.field, facts=error.facts,
                objections=error.objections,
            )  # fmt: skip
        case ProblemError():
            return problem(
                error.status, error.code, error.detail, field=error.field, facts=error.facts, headers=error.headers
            )
        case StillRunning():
            detail = "a request with this Idempotency-Key has not finished yet; try again"
            return problem(409, "idempotency_key_in_use", detail, headers={"Retry-After": str(RETRY_AFTER_S)})
        case HTTPException():
            return _http(error)
        case TimeoutError() | ConnectionError() | asyncpg.PostgresConnectionError() | asyncpg.InterfaceError():
            return _busy()
        case (
            asyncpg.TooManyConnectionsError() | asyncpg.OperatorInterventionError() | asyncpg.TransactionRollbackError()
        ):
            return _busy()
        case asyncpg.IntegrityConstraintViolationError():
            return _integrity(error)
        case asyncpg.DataError():
            return problem(422, "invalid_value", "a value cannot be stored as it is")
        case _:
            return None


def _busy() -> Response[bytes]:
    return problem(
        503, "busy", "The database is busy or restarting; try again.", headers={"Retry-After": str(RETRY_AFTER_S)}
    )


def _integrity(error: Exception) -> Response[bytes] | None:
    name = constraint_name(error) or ""
    if name in CONSTRAINTS:
        code, detail = CONSTRAINTS[name]
        return problem(409, code, detail)
    if isinstance(error, asyncpg.UniqueViolationError | asyncpg.ExclusionViolationError):
        return problem(409, "state_changed", "somebody else was faster; read the current state and try again")
    return None


def _http(error: HTTPException) -> Response[bytes] | None:
    status = error.status_code
    if status >= 500:
        return None
    headers = {name.title(): value for name, value in (error.headers or {}).items()}
    return problem(status, _CODES.get(status, "bad_request"), HTTPStatus(status).description or "", headers=headers)
