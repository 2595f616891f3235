"""What Schemathesis must know about this API: each write is a new one, and a refusal by the shapes is never deserved."""

import itertools
import json
import os
import re
from typing import Any

import schemathesis

_numbers = itertools.count()
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BY_SHAPE = {"invalid_request", "malformed_json", "malformed_query", "idempotency_key_invalid", "invalid_text"}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give a write a key that was not used before, and every second call ids that exist."""
    number = next(_numbers)
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch(r"[!-~]{1,255}", key):
        case.headers["Idempotency-Key"] = f"fuzz-{os.getpid()}-{number}"
    if number % 2:
        _make_real(case)


def _make_real(case: Any) -> None:
    known = json.loads(os.environ["FUZZ_KNOWN"])
    subject = case.operation.path.split("/")[1]
    if case.path_parameters and subject in known and _UUID.fullmatch(str(case.path_parameters.get("id"))):
        case.path_parameters["id"] = known[subject]
    body = case.body if isinstance(case.body, dict) else {}
    if _UUID.fullmatch(str(body.get("order_id"))):
        body["order_id"] = known["orders"]
    for line in body.get("lines") if isinstance(body.get("lines"), list) else ():
        for name in ("line_ref", "line_id"):
            if isinstance(line, dict) and isinstance(line.get(name), str) and len(line[name]) in range(1, 100):
                line[name] = known[name]


@schemathesis.check
def the_shapes_take_what_the_document_allows(ctx: Any, response: Any, case: Any) -> None:
    """A request that the document allows may be refused by the state of things, never by the shapes.

    Two exceptions: JSON Schema calls 2.0 an integer, we do not; and it cannot say that no text anywhere inside a policy
    document holds a NUL.
    """
    mode = case.meta.generation.mode if case.meta else None
    if mode is not None and mode.is_positive and response.status_code in (400, 422):
        told = json.loads(response.content)
        whole_float = re.fullmatch(r"Expected int( \| null)?, got float", told["detail"])
        nul_inside = told["code"] == "invalid_text" and re.match(r"document\b", str(told.get("field")))
        assert told["code"] not in _BY_SHAPE or whole_float or nul_inside, told
