"""Read what was sent: strict decoding, and errors that name the field."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from retour.web.problem import ProblemError

_AT: Final = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_NAMED: Final = re.compile(r"`(?P<name>[^`]+)`")
_BAD_TEXT: Final = re.compile("[\x00\ud800-\udfff]")


class BodyReader:
    """Decodes the bodies of one operation."""

    def __init__(self, shape: type[msgspec.Struct]) -> None:
        self._decoder = msgspec.json.Decoder(shape)
        self._may_be_empty = not any(field.required for field in msgspec.structs.fields(shape))

    def read(self, body: bytes, content_type: str | None) -> Any:
        """Return the decoded body; raise ProblemError 415, 400 or 422."""
        if not body and self._may_be_empty:
            return self._decoder.decode(b"{}")
        if content_type is None or content_type.partition(";")[0].strip().lower() != "application/json":
            raise ProblemError(415, "unsupported_media_type", "send the body as application/json")
        if b"\\u" in body:
            _check_escapes(body)
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise _invalid(error) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ProblemError(400, "malformed_json", "the body is not JSON in UTF-8") from None


def read_query(shape: type[msgspec.Struct], query: bytes) -> Any:
    """Return the decoded query string; raise ProblemError 422 for unknown, repeated or wrong parameters."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise ProblemError(400, "malformed_query", "the query string is not percent-encoded UTF-8") from None
    named: dict[str, str] = {}
    for name, value in pairs:
        if name in named:
            raise ProblemError(422, "invalid_request", "the parameter is given twice", field=name)
        if "\x00" in value:
            raise ProblemError(422, "invalid_text", "the text holds a NUL", field=name)
        named[name] = value
    try:
        query_read = msgspec.convert(named, shape, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None
    for name in named:
        if getattr(query_read, name) is None:  # the converter takes the text `null` for nothing; a given value is one
            raise ProblemError(422, "invalid_request", "leave the parameter out instead", field=name)
    return query_read


def _invalid(error: msgspec.ValidationError) -> ProblemError:
    """Return the problem of a wrong value; the decoder reports the first one only."""
    match = _AT.fullmatch(str(error))
    what, path = (match["what"], match["path"]) if match else (str(error), None)
    named = _NAMED.search(what) if "unknown field" in what or "missing required field" in what else None
    field = ".".join(part for part in (path, named["name"] if named else None) if part)
    return ProblemError(422, "invalid_request", what.replace("`", ""), field=field or None)


def _check_escapes(body: bytes) -> None:
    r"""Raise ProblemError 422 for a text with `\u0000` or half a surrogate pair: no database can keep those."""
    try:
        found = next(_bad_texts(json.loads(body), ""), None)
    except (ValueError, RecursionError):
        return  # not JSON at all: the decoder says so
    if found is not None:
        raise ProblemError(422, "invalid_text", "the text holds a NUL or half a character", field=found or None)


def _bad_texts(value: object, path: str) -> Iterator[str]:
    match value:
        case str() if _BAD_TEXT.search(value):
            yield path
        case list():
            for n, item in enumerate(value):
                yield from _bad_texts(item, f"{path}[{n}]")
        case dict():
            for name, item in value.items():
                if _BAD_TEXT.search(name):
                    yield path
                yield from _bad_texts(item, f"{path}.{name}".lstrip("."))
