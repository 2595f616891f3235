"""The order search: its filter language, sort keys, pages, and an index that may lag behind."""

from __future__ import annotations

import base64
import binascii
import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from graphql import GraphQLError

from retour.sandbox.shopify.model import Order
from retour.sandbox.shopify.state import Shop, number_of

_TERM = re.compile(r"""(?:(\w+):)?(>=|<=|>|<)?("[^"]*"|'[^']*'|\S+)""")
_COMPARE: dict[str | None, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    None: operator.eq,
}
MOST = 250


def indexed_at(shop: Shop, order: Order) -> datetime | None:
    """Return the `updated_at` that the search index knows, nothing when it does not know the order yet."""
    if not shop.settings.list_lag_s:
        return order.updated_at
    edge = shop.now() - timedelta(seconds=shop.settings.list_lag_s)
    return next((at for at in reversed(order.history) if at <= edge), None)


def find_orders(shop: Shop, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return one page of orders as a connection."""
    rows = [(at, order) for order in shop.orders.values() if (at := indexed_at(shop, order)) is not None]
    for key, sign, value in _terms(args.get("query") or ""):
        rows = [row for row in rows if _matches(row, key, sign, value)]
    sort = _SORTS[args.get("sortKey") or "PROCESSED_AT"]
    down = bool(args.get("reverse"))
    keyed = sorted(((sort(at, order), order.number, order) for at, order in rows), key=lambda k: k[:2], reverse=down)
    after = args.get("after")
    if after:
        edge = _read_cursor(after)
        keyed = [k for k in keyed if (k[:2] < edge if down else k[:2] > edge)]
    size = _size(args)
    page = keyed[:size]
    nodes = [order for _, _, order in page]
    cursors = [_cursor(k[0], k[1]) for k in page]
    return connection(nodes, cursors, more=len(keyed) > size, before=bool(after))


_SORTS: dict[str, Callable[[datetime, Order], str]] = {
    "CREATED_AT": lambda _, order: _stamp(order.created_at),
    "PROCESSED_AT": lambda _, order: _stamp(order.created_at),
    "UPDATED_AT": lambda at, _: _stamp(at),
    "ID": lambda _, order: f"{order.legacy_resource_id:020d}",
    "ORDER_NUMBER": lambda _, order: f"{order.number:020d}",
}


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def _terms(text: str) -> list[tuple[str | None, str | None, str]]:
    return [
        (key or None, sign or None, value.strip("\"'"))
        for key, sign, value in _TERM.findall(text)
        if value.upper() != "AND"
    ]


def _matches(row: tuple[datetime, Order], key: str | None, sign: str | None, value: str) -> bool:
    at, order = row
    low = value.lower()
    match key:
        case None:
            return low in {order.name.lower(), str(order.number), (order.email or "").lower()}
        case "name":
            return order.name.lower().lstrip("#") == low.lstrip("#")
        case "email":
            return (order.email or "").lower() == low
        case "id":
            return _COMPARE[sign](order.legacy_resource_id, number_of(value) or -1)
        case "tag":
            return low in {tag.lower() for tag in order.tags}
        case "status":
            return True
        case "updated_at" | "created_at":
            seen = at if key == "updated_at" else order.created_at
            return _COMPARE[sign](seen.replace(microsecond=0), _moment(value))
    raise GraphQLError(f"Search filter {key} is not part of this shop", extensions={"code": "BAD_USER_INPUT"})


def _moment(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise GraphQLError(f"{value} is not a time", extensions={"code": "BAD_USER_INPUT"}) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).replace(microsecond=0)


def _size(args: Mapping[str, Any]) -> int:
    first = args.get("first")
    if first is None:
        raise GraphQLError("You must provide one of first or last", extensions={"code": "BAD_USER_INPUT"})
    if not 0 < first <= MOST:
        raise GraphQLError(f"first must be between 1 and {MOST}", extensions={"code": "BAD_USER_INPUT"})
    return int(first)


def page(items: Sequence[Any], args: Mapping[str, Any]) -> dict[str, Any]:
    """Return one page of a list that only grows at its end, as a connection."""
    size = _size(args)
    indexed = list(enumerate(items))
    if args.get("reverse"):
        indexed.reverse()
    if args.get("after"):
        edge = _read_cursor(args["after"])[1]
        place = next((n for n, (index, _) in enumerate(indexed) if index == edge), len(indexed))
        indexed = indexed[place + 1 :]
    rows = indexed[:size]
    cursors = [_cursor("", index) for index, _ in rows]
    return connection([item for _, item in rows], cursors, more=len(indexed) > size, before=bool(args.get("after")))


def connection(nodes: Sequence[Any], cursors: Sequence[str], *, more: bool, before: bool) -> dict[str, Any]:
    """Return nodes, edges and page information."""
    return {
        "nodes": nodes,
        "edges": [{"node": node, "cursor": cursor} for node, cursor in zip(nodes, cursors, strict=True)],
        "pageInfo": {
            "hasNextPage": more,
            "hasPreviousPage": before,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def _cursor(key: str, number: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([key, number]).encode()).decode()


def _read_cursor(cursor: str) -> tuple[str, int]:
    try:
        key, number = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, TypeError, binascii.Error):
        raise GraphQLError("Invalid cursor", extensions={"code": "BAD_USER_INPUT"}) from None
    return str(key), int(number)
