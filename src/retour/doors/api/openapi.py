"""The OpenAPI 3.1 document, written from the table of operations and the shapes themselves."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

import retour
from retour.doors.api.operation import Operation
from retour.doors.api.roles import MAY
from retour.web.problem import MEDIA_TYPE, Problem

_REF: Final = "#/components/schemas/{name}"
_ABOUT: Final = (
    "Sign in with an API key: `X-API-Key`, or `Authorization: Bearer`. A key works for all stores of its account; "
    "name the store in `X-Shop-Name` unless the account has only one. Every write needs an `Idempotency-Key`: the same "
    "key with the same request gets the first answer again for 24 hours. Errors are problem+json (RFC 9457) with a "
    "stable `code`. Amounts are integers in minor units. An integrator (ISV) signs in with its own key and names in "
    "`Retour-Account` the account that it acts for. A key that calls too often for an account gets 429 with `Retry-After`."
)
_KEY_HEADER: Final = {
    "name": "Idempotency-Key", "in": "header", "required": True,
    "description": "A text of your own for this one write; repeat it when you repeat the request.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}  # fmt: skip
_ID_PARAMETER: Final = {
    "name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"},
}  # fmt: skip
_SIGNED_OUT: Final = "No key, or an unknown or revoked one"
_PROBLEMS: Final[Mapping[int, str]] = {
    400: "The request is malformed, or a write has no Idempotency-Key",
    401: _SIGNED_OUT,
    403: "The role of the key may not do this",
    404: "There is no such thing in this account",
    409: "The state of the resource does not allow it, or another request was faster",
    413: "The body is over 1 MB, or the file over what is said there",
    415: "The body is not application/json, or a file not application/octet-stream",
    422: "A value is wrong: `field` names it",
    429: "The key calls too often for this account, code `too_many_requests`: try again after `Retry-After` seconds",
    503: "Busy: try again after `Retry-After` seconds",
}
_RETRY_AFTER: Final = {"description": "Whole seconds to wait", "schema": {"type": "integer", "minimum": 1}}
_LATER: Final = (429, 503)  # what always tells when to come again


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the description of the operations as OpenAPI 3.1."""
    shapes = _shapes(operations)
    _, components = msgspec.json.schema_components([*shapes, Problem], ref_template=_REF)
    for schema in components.values():
        _tidy(schema)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, components)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    for shape in {op.query for op in operations if op.query}:
        components.pop(shape.__name__, None)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Retour", "version": retour.__version__, "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [
            {"ApiKey": [], "ShopName": []}, {"ApiKey": []}, {"Bearer": []}, {"Bearer": [], "ShopName": []},
            {"ApiKey": [], "Account": []}, {"ApiKey": [], "Account": [], "ShopName": []},
        ],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {str(status): _problem(status, words) for status, words in _PROBLEMS.items()},
            "securitySchemes": {
                "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "ShopName": {"type": "apiKey", "in": "header", "name": "X-Shop-Name", "description": "The store"},
                "Account": {
                    "type": "apiKey", "in": "header", "name": "Retour-Account",
                    "description": "The account, by its id or the integrator's own reference",
                },
                "Bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }  # fmt: skip


def _operation(operation: Operation, components: Mapping[str, Any]) -> dict[str, Any]:
    roles = ", ".join(sorted(role.value for role in MAY.get(operation.id, ())))
    who = f"Roles: {roles}." if operation.id in MAY else "With the key of an integrator."
    described: dict[str, Any] = {
        "operationId": operation.id, "tags": [operation.tag], "summary": operation.summary,
        "description": f"{operation.description}\n\n{who}".strip(),
        "parameters": [*_parameters(operation, components)],
        "responses": {str(operation.status): _answer(operation)},
    }  # fmt: skip
    statuses = [400, 401, 403, 404, 422, 429, 503] + ([409, 413, 415] if operation.method != "GET" else [])
    for status in sorted(statuses):
        described["responses"][str(status)] = {"$ref": f"#/components/responses/{status}"}
    if operation.body is not None:
        required = any(field.required for field in msgspec.structs.fields(operation.body))
        described["requestBody"] = {"required": required, "content": _json(operation.body)}
    if operation.raw is not None:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameters(operation: Operation, components: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    if "{id}" in operation.path:
        yield dict(_ID_PARAMETER)
    if operation.query is not None:
        described = components[operation.query.__name__]
        for name, schema in described["properties"].items():
            plain = _not_null({k: v for k, v in schema.items() if k not in ("description", "default")})
            shown = {"name": name, "in": "query", "required": name in described.get("required", ()), "schema": plain}
            yield shown | ({"description": schema["description"]} if "description" in schema else {})
    if operation.changes:
        yield dict(_KEY_HEADER)


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter: leaving it out is its null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return {k: v for k, v in schema.items() if k != "anyOf"} | kinds[0] if len(kinds) == 1 else schema


def _answer(operation: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Done" if operation.changes else "Found"}
    if operation.answer is not None:
        answer["content"] = _json(operation.answer)
    if operation.paper is not None:
        answer["content"] = {operation.media: {"schema": {"type": "string", "format": "binary"}}}
    if operation.changes:
        answer["headers"] = {
            "Idempotency-Replayed": {
                "description": "`true` if this is the kept answer of an earlier request", "schema": {"type": "string"},
            }
        }  # fmt: skip
    return answer


def _problem(status: int, words: str) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}}
    described: dict[str, Any] = {"description": words, "content": content}
    return described | ({"headers": {"Retry-After": dict(_RETRY_AFTER)}} if status in _LATER else {})


def _json(shape: type[msgspec.Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(name=shape.__name__)}}}


def _shapes(operations: Sequence[Operation]) -> list[type[msgspec.Struct]]:
    named = (shape for op in operations for shape in (op.body, op.answer, op.query) if shape is not None)
    return list(dict.fromkeys(named))


def _tidy(schema: Any) -> None:
    """Strip what msgspec adds to a schema's title and to inherited docstrings."""
    if isinstance(schema, dict) and isinstance(schema.get("description"), str):
        schema["description"] = " ".join(schema["description"].split())
