"""The executable schema: our SDL, the resolvers, and the scalars as the platform writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    FloatValueNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    IntValueNode,
    StringValueNode,
    build_schema,
    get_named_type,
)

from retour.sandbox.shopify.fields import FIELDS, KINDS
from retour.sandbox.shopify.money import text
from retour.sandbox.shopify.mutations import ACTIONS, resolver

SDL = Path(__file__).with_name("schema.graphql")


@cache
def executable_schema() -> GraphQLSchema:
    """Return the schema, built once a process."""
    schema = build_schema(SDL.read_text("utf-8"), assume_valid=True)
    for named in schema.type_map.values():
        if named.name.startswith("__"):
            continue
        if isinstance(named, GraphQLObjectType):
            _bind(named)
        elif isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            named.resolve_type = _kind(named.name)
        elif isinstance(named, GraphQLScalarType) and named.name in _SCALARS:
            _dress(named)
    return schema


def _bind(named: GraphQLObjectType) -> None:
    for name, field in named.fields.items():
        if named.name == "Mutation" and name in ACTIONS:
            field.resolve = resolver(name)
        else:
            field.resolve = FIELDS.get(f"{named.name}.{name}") or _plain(name, get_named_type(field.type).name)


def _plain(name: str, kind: str) -> Callable[..., Any]:
    bare = name.removesuffix("Set") if kind == "MoneyBag" else name
    attribute = re.sub(r"(?<=[a-z])([A-Z0-9])", r"_\1", bare).lower()

    def resolve(source: Any, _: object, **__: object) -> Any:
        return source.get(name) if isinstance(source, dict) else getattr(source, attribute)

    return resolve


def _kind(name: str) -> Callable[..., str]:
    choose = KINDS[name]
    return lambda value, *_: choose(value)


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise GraphQLError(f"{value!r} is not a decimal")
    try:
        made = Decimal(str(value))
    except InvalidOperation:
        raise GraphQLError(f"{value!r} is not a decimal") from None
    if not made.is_finite() or abs(made) >= Decimal(10) ** 15:
        raise GraphQLError(f"{value!r} is not a decimal in range")
    return made


def _moment(value: object) -> datetime:
    try:
        made = datetime.fromisoformat(str(value))
    except ValueError:
        raise GraphQLError(f"{value!r} is not a time") from None
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError(f"{value!r} is not a text")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not str(value).isdigit():
        raise GraphQLError(f"{value!r} is not an unsigned number")
    return int(str(value))


def _show_moment(value: Any) -> str:
    return value if isinstance(value, str) else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _show_day(value: date | str) -> str:
    return value if isinstance(value, str) else value.isoformat()


_SCALARS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "Decimal": (text, _decimal),
    "Money": (text, _decimal),
    "DateTime": (_show_moment, _moment),
    "Date": (_show_day, _text),
    "URL": (str, _text),
    "UnsignedInt64": (str, _whole),
}


def _dress(scalar: GraphQLScalarType) -> None:
    show, read = _SCALARS[scalar.name]

    def literal(node: Any, _: object = None) -> Any:
        if not isinstance(node, StringValueNode | IntValueNode | FloatValueNode):
            raise GraphQLError(f"{scalar.name} cannot be read here", node)
        return read(node.value)

    for name, function in {
        "serialize": show,
        "parse_value": read,
        "parse_literal": literal,
        "coerce_output_value": show,
        "coerce_input_value": read,
        "coerce_input_literal": literal,
    }.items():
        setattr(scalar, name, function)
