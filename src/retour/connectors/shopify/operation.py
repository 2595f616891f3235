"""The operations this connector asks of the platform: their texts, their prices and how one becomes a request."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from retour.core.ports import WireRequest

API_VERSION: Final = "2026-10"
VERSION_HEADER: Final = "x-shopify-api-version"

# Pessimistic points of each operation (connections at full page size); a test recomputes them from the documents.
COSTS: Final[Mapping[str, int]] = {
    "FindOrders": 52,
    "OrdersSince": 102,
    "WholeOrder": 780,
    "MoreLines": 777,
    "MoreShippingLines": 333,
    "MoreReturns": 103,
    "Parcel": 204,
    "WholeRefund": 428,
    "MoreRefundLines": 643,
    "MoreRefundMovements": 503,
    "SuggestRefund": 20,
    "CurrencyOf": 1,
    "RequestReturn": 259,
    "ApproveReturn": 259,
    "DeclineReturn": 12,
    "OpenReturn": 259,
    "ProcessReturn": 259,
    "CloseReturn": 12,
    "CancelReturn": 12,
    "RemoveFromReturn": 259,
    "CreateRefund": 267,
    "AdjustStock": 15,
    "AddTag": 12,
    "RemoveTag": 12,
    "WriteNote": 12,
    "ReturnsBefore": 505,
    "NewestReturns": 747,
    "ReturnNow": 248,
    "RefundsOfOrder": 881,
    "StockLevel": 3,
    "TagsOf": 1,
    "NoteOf": 1,
    "Installation": 4,
    "Locations": 102,
    "FindArticle": 12,
    "VariantsOf": 652,
    "SearchArticles": 262,
    "BuyerOf": 3,
    "DraftNow": 5,
    "DraftsTagged": 27,
    "OrderNow": 1,
    "CancelNow": 2,
    "DraftExchange": 16,
    "ReleaseExchange": 16,
    "InvoiceExchange": 16,
    "DropExchange": 11,
    "CancelExchange": 13,
}

# Money and stock, and the reads that settle them: they may use the last fifth of the platform's budget.
URGENT: Final = frozenset({"CreateRefund", "RefundsOfOrder", "ProcessReturn", "ReturnNow", "AdjustStock", "StockLevel"})

_DOCUMENTS: Final = ("fragments", "order", "effect", "readback", "shop", "exchange", "article")
_DEFINITION: Final = re.compile(r"^(query|mutation|fragment) (\w+)[^{]*\{.*?^\}$", re.MULTILINE | re.DOTALL)
_SPREAD: Final = re.compile(r"\.\.\.(\w+)")


def request(name: str, variables: Mapping[str, object], *, version: str = API_VERSION) -> WireRequest:
    """Return the request of one operation; the same bytes for the same variables."""
    body = {"operationName": name, "query": text(name), "variables": variables}
    return WireRequest(
        operation=name,
        method="POST",
        path=f"/admin/api/{version}/graphql.json",
        body=json.dumps(body, separators=(",", ":"), sort_keys=True).encode(),
        headers={"content-type": "application/json", "accept": "application/json"},
        cost=COSTS[name],
    )


@cache
def text(name: str) -> str:
    """Return the document of an operation with just the fragments it uses."""
    known = definitions()
    wanted, queue = [name], [name]
    while queue:
        for spread in _SPREAD.findall(known[queue.pop()]):
            if spread not in wanted:
                wanted.append(spread)
                queue.append(spread)
    return "\n\n".join(known[each] for each in wanted)


@cache
def definitions() -> Mapping[str, str]:
    """Return every operation and fragment of the documents by name."""
    folder = files(__package__) / "documents"
    texts = [(folder / f"{document}.graphql").read_text(encoding="utf-8") for document in _DOCUMENTS]
    return {match[2]: match[0] for document in texts for match in _DEFINITION.finditer(document)}
