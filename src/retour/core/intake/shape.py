"""Whether a document has the shape that a published JSON Schema describes, and which field is wrong if not.

Knows the words of JSON Schema (draft 2020-12) that our own schemas use; a test compares it with another validator.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from retour.core.errors import Objection

Json = Mapping[str, Any]
MOST: Final = 20  # objections told at once
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_IS: Final = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
}
_A: Final = {"object": "an object", "array": "a list", "string": "a text", "integer": "a whole number",
             "boolean": "true or false"}  # fmt: skip


def problems(value: object, schema: Json) -> tuple[Objection, ...]:
    """Return what keeps a value from having the shape, each with the path of its field; at most 20 of them.

    The codes: wrong_type, missing_field, unknown_field, not_one_of, malformed_text, out_of_range.
    """
    found = []
    for objection in _problems(value, schema, ""):
        found.append(objection)
        if len(found) == MOST:
            break
    return tuple(found)


def _problems(value: object, schema: Json, at: str) -> Iterator[Objection]:
    kind = schema["type"]
    if not _IS[kind](value):
        yield Objection("wrong_type", f"must be {_A[kind]}", at or None)
    elif isinstance(value, Mapping):
        yield from _object(value, schema, at)
    elif isinstance(value, list):
        yield from _list(value, schema, at)
    else:
        yield from _scalar(value, schema, at)


def _object(value: Mapping[str, object], schema: Json, at: str) -> Iterator[Objection]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", False)
    for name in schema.get("required", ()):
        if name not in value:
            yield Objection("missing_field", "is missing", _under(at, name))
    if len(value) > schema.get("maxProperties", len(value)):
        yield Objection("out_of_range", f"has more than {schema['maxProperties']} fields", at or None)
    for name, item in value.items():
        here = _under(at, name[:100])
        if name in known:
            yield from _problems(item, known[name], here)
        elif others is False:
            yield Objection("unknown_field", "is not a field here", _printable(here))
        else:
            if _UNSTORABLE.search(name) or not 1 <= len(name) <= 100:
                yield Objection("malformed_text", "is not a name", _printable(here))
            yield from _problems(item, others, _printable(here))


def _list(value: list[object], schema: Json, at: str) -> Iterator[Objection]:
    least, most = schema.get("minItems", 0), schema["maxItems"]
    if not least <= len(value) <= most:
        yield Objection("out_of_range", f"has {least} to {most} entries", at)
        return
    for n, item in enumerate(value):
        yield from _problems(item, schema["items"], f"{at}[{n}]")


def _scalar(value: object, schema: Json, at: str) -> Iterator[Objection]:
    if "const" in schema and value != schema["const"]:
        yield Objection("not_one_of", f"must be {schema['const']}", at)
    elif "enum" in schema and value not in schema["enum"]:
        yield Objection("not_one_of", f"must be one of {', '.join(schema['enum'])}", at)
    elif isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 200):
            yield Objection(
                "out_of_range", f"has {schema.get('minLength', 0)} to {schema.get('maxLength', 200)} characters", at
            )
        elif _UNSTORABLE.search(value) or not _reads_as(value, schema):
            yield Objection("malformed_text", schema.get("description", "cannot be read"), at)
    elif isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield Objection("out_of_range", f"must be {schema['minimum']} to {schema['maximum']}", at)


def _reads_as(text: str, schema: Json) -> bool:
    if "pattern" in schema and not re.fullmatch(schema["pattern"], text):  # `$` alone lets a line break follow
        return False
    reader = {"date-time": datetime.fromisoformat, "date": date.fromisoformat}.get(schema.get("format", ""))
    try:
        return reader is None or reader(text) is not None
    except ValueError:
        return False


def _under(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _printable(path: str) -> str:
    return _UNSTORABLE.sub("\ufffd", path)
