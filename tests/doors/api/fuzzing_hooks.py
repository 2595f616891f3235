"""What Schemathesis must know about this API: each write is a new one, and a refusal by the shapes is never deserved."""

import itertools
import json
import os
import re
from typing import Any

import schemathesis

_numbers = itertools.count()
_BY_SHAPE = {"invalid_request", "malformed_json", "malformed_query", "idempotency_key_invalid", "invalid_text"}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give a call with a well-formed Idempotency-Key one that was not used before."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch(r"[!-~]{1,255}", key):
        case.headers["Idempotency-Key"] = f"fuzz-{os.getpid()}-{next(_numbers)}"


@schemathesis.check
def the_shapes_take_what_the_document_allows(ctx: Any, response: Any, case: Any) -> None:
    """A request that the document allows may be refused by the state of things, never by the shapes."""
    mode = case.meta.generation.mode if case.meta else None
    if mode is not None and mode.is_positive and response.status_code in (400, 422):
        told = json.loads(response.content)
        assert told["code"] not in _BY_SHAPE, told
