"""The connector: reads over the network, sends what it is given once, and judges answers purely."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from retour.connectors.http import Bucket, Http
from retour.core.effect import Effect, EffectKind
from retour.core.errors import Refused
from retour.core.money import format_decimal
from retour.core.order import Fetched
from retour.core.ports import (
    Article,
    CapabilityRecord,
    ContactProof,
    Credential,
    DraftSeen,
    Health,
    Outcome,
    Page,
    PlatformQuote,
    QuotedLine,
    ReadBack,
    Silence,
    Unreachable,
    Verdict,
    WireAnswer,
    WireRequest,
)

from . import answer as answers
from . import operation
from .records import records as platform_records
from .translate import catalogue, customer, effects, exchange, readback, search, shop, verdict
from .translate import order as orders
from .translate.reading import instant, many, one, text
from .webhooks import ShopifyInbound

PATIENCE_S: Final = 10.0  # how long a read waits for the platform's points before it says "ask again"
PAGES_AT_MOST: Final = 400  # of one list; a list that never ends is a fault of the far side


class ShopifyConnector(ShopifyInbound):
    """Commerce connector of the Admin GraphQL API; `api_version` is pinned and compared with every answer."""

    def __init__(
        self,
        http: Http,
        *,
        api_version: str = operation.API_VERSION,
        records: Mapping[EffectKind, CapabilityRecord] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.records: Mapping[EffectKind, CapabilityRecord] = records or platform_records()
        self._http = http
        self._version = api_version
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}

    # --- reading ----------------------------------------------------------------------------------------------------

    async def find_order(self, at: Credential, *, name: str, proof: ContactProof | None) -> Fetched | None:
        """Return the newest order of that name whose contact matches; nothing if there is none, either way."""
        data = await self._ask(at, "FindOrders", {"search": search.by_name(name)})
        for found in many(one(data, "orders"), "nodes"):
            if search.same_name(text(found, "name"), name) and search.proven(customer.person(found), found, proof):
                return await self.get_order(at, ref=text(found, "id") or "")
        return None

    async def get_order(self, at: Credential, *, ref: str) -> Fetched | None:
        """Return the whole order with every page of everything, or nothing; raise Unreachable."""
        data = await self._ask(at, "WholeOrder", {"id": ref})
        document = data.get("order")
        if not isinstance(document, dict):
            return None
        await self._complete(at, document, "lineItems", more="MoreLines", root="order")
        await self._complete(at, document, "shippingLines", more="MoreShippingLines", root="order")
        await self._complete(at, document, "returns", more="MoreReturns", root="order")
        document["fulfillments"] = await self._parcels(at, document)
        document["refunds"] = [await self._refund(at, text(row, "id") or "") for row in many(document, "refunds")]
        try:
            return orders.fetched(document)
        except Refused as refused:
            raise Unreachable(refused.message, retry_after_s=60.0) from refused

    async def list_orders(self, at: Credential, *, since: datetime, cursor: str | None) -> Page:
        """Return a page of orders changed since then, oldest change first; raise Unreachable."""
        variables = {"search": search.changed_since(since), "after": cursor}
        connection = one(await self._ask(at, "OrdersSince", variables), "orders")
        nodes, page = many(connection, "nodes"), one(connection, "pageInfo")
        changed = [found for node in nodes if (found := instant(node.get("updatedAt"))) is not None]
        return Page(
            order_refs=tuple(ref for node in nodes if (ref := text(node, "id"))),
            updated_through=max(changed, default=None),
            cursor=text(page, "endCursor") if page.get("hasNextPage") is True else None,
        )

    async def quote_refund(
        self, at: Credential, *, order_ref: str, lines: Sequence[QuotedLine], shipping_minor: int
    ) -> PlatformQuote:
        """Return the platform's own figures, gross and tax per line; raise Unreachable.

        `shipping_minor` is what the platform takes as shipping: without tax where tax comes on top of prices.
        """
        wanted = [
            {"lineItemId": line.line_ref, "quantity": line.quantity, "restockType": "NO_RESTOCK"} for line in lines
        ]
        variables: dict[str, object] = {"id": order_ref, "lines": wanted}
        if shipping_minor:
            currency = await self._currency(at, order_ref)
            variables["shipping"] = format_decimal(shipping_minor, currency)
        order = one(await self._ask(at, "SuggestRefund", variables), "order")
        quote = shop.quote(order)
        if quote is None:
            raise Unreachable("the platform gave no figures for this refund", retry_after_s=60.0)
        return quote

    async def find_article(self, at: Credential, *, name: str, country: str | None) -> Article | None:
        """Return the one article of that ref or SKU; nothing where none or several have it; raise Unreachable."""
        variables = {"search": exchange.search_of(name), "country": country}
        return exchange.article(await self._ask(at, "FindArticle", variables))

    async def variants_of(self, at: Credential, *, product_ref: str, country: str | None) -> tuple[Article, ...]:
        """Return the variants of a product that are on sale, in the shop's order; raise Unreachable."""
        variables = {"search": catalogue.variants_of(product_ref), "country": country}
        return catalogue.articles(await self._ask(at, "VariantsOf", variables))

    async def search_articles(self, at: Credential, *, words: str, country: str | None) -> tuple[Article, ...]:
        """Return the articles on sale that fit the words best, 20 at most; raise Unreachable."""
        search = catalogue.by_words(words)
        if search is None:
            return ()
        return catalogue.articles(await self._ask(at, "SearchArticles", {"search": search, "country": country}))

    async def see_draft(self, at: Credential, *, ref: str) -> DraftSeen | None:
        """Return what became of a drafted order, nothing if it is gone; raise Unreachable."""
        return exchange.draft_seen(await self._ask(at, "DraftNow", {"id": ref}))

    async def probe(self, at: Credential) -> Health:
        """Return scopes, version, clock and locations with what is wrong about them; raise Unreachable."""
        request = operation.request("Installation", {}, version=self._version)
        answer = await self._patiently(at, request)
        said = answers.read(answer, version=self._version)
        if said.trouble is not None:
            raise _unreachable(said.trouble)
        locations = await self._everything(at, "Locations", {}, lambda data: one(data, "locations"))
        return shop.health(said.data, locations, answer.headers, version=self._version, now=datetime.now(UTC))

    # --- effects: one send, everything else pure --------------------------------------------------------------------

    async def send(self, at: Credential, request: WireRequest) -> WireAnswer:
        """Send one request once; if the platform's points do not allow it now, it is not sent at all."""
        bucket = self._bucket(at)
        wait = bucket.wait_s(request.cost, urgent=request.operation in operation.URGENT, now=self._clock())
        if wait > 0:
            return WireAnswer(silence=Silence.NOT_SENT, headers={"retry-after": f"{wait:.3f}"})
        ticket = bucket.take(request.cost, now=self._clock())
        answer = WireAnswer(silence=Silence.LOST)
        try:
            headers = {**request.headers, "x-shopify-access-token": at.secret}
            url = at.base_url.rstrip("/") + request.path
            answer = await self._http.send(method=request.method, url=url, headers=headers, body=request.body)
        finally:
            status = one(answers.read(answer, version=self._version).cost, "throttleStatus")
            bucket.feed(
                ticket,
                currently=answers.number(status.get("currentlyAvailable")),
                maximum=answers.number(status.get("maximumAvailable")),
                restore=answers.number(status.get("restoreRate")),
                now=self._clock(),
            )
        return answer

    def build(self, effect: Effect) -> WireRequest:
        """Return the request of an effect; raise Refused(guard_missing) where a read must come first."""
        return effects.build(effect, version=self._version)

    def classify(self, effect: Effect, answer: WireAnswer) -> Outcome:
        """Return what the answer means for the effect."""
        return verdict.classify(effect, answer, version=self._version)

    def build_guard(self, effect: Effect) -> WireRequest | None:
        """Return the read that must precede the first send, if there is one."""
        return readback.build_guard(effect, version=self._version)

    def read_guard(self, effect: Effect, answer: WireAnswer) -> Mapping[str, object] | None:
        """Return the guard's facts, or nothing if the answer is of no use."""
        return readback.read_guard(effect, answer, version=self._version)

    def build_readback(self, effect: Effect) -> WireRequest:
        """Return the read that shows whether the effect happened."""
        return readback.build_readback(effect, version=self._version)

    def read_back(self, effect: Effect, answer: WireAnswer) -> ReadBack:
        """Return what that read shows."""
        return readback.read_back(effect, answer, version=self._version)

    # --- the network behind the reads -------------------------------------------------------------------------------

    async def _ask(self, at: Credential, name: str, variables: Mapping[str, object]) -> dict[str, Any]:
        """Return the data of one read; raise Unreachable with the time after which to ask again."""
        request = operation.request(name, variables, version=self._version)
        said = answers.read(await self._patiently(at, request), version=self._version)
        if said.trouble is not None:
            raise _unreachable(said.trouble)
        return dict(said.data)

    async def _patiently(self, at: Credential, request: WireRequest) -> WireAnswer:
        """Send a read when the platform's points allow it; raise Unreachable if that takes too long."""
        until = self._clock() + PATIENCE_S
        while True:
            wait = self._bucket(at).wait_s(
                request.cost, urgent=request.operation in operation.URGENT, now=self._clock()
            )
            if wait <= 0:
                return await self.send(at, request)
            if self._clock() + wait > until:
                raise Unreachable("the platform's budget is spent", retry_after_s=wait)
            await asyncio.sleep(wait)

    async def _complete(self, at: Credential, document: dict[str, Any], field: str, *, more: str, root: str) -> None:
        """Replace a connection of the document by the list of all its nodes."""
        connection = one(document, field)
        nodes, page = many(connection, "nodes"), one(connection, "pageInfo")
        if page.get("hasNextPage") is True:
            variables = {"id": document.get("id"), "after": page.get("endCursor")}
            nodes += await self._everything(at, more, variables, lambda data: one(one(data, root), field))
        document[field] = nodes

    async def _everything(
        self, at: Credential, name: str, variables: Mapping[str, object], pick: Callable[[Any], Mapping[str, Any]]
    ) -> list[Mapping[str, Any]]:
        """Return the nodes of every page from the given cursor on; raise Unreachable."""
        nodes: list[Mapping[str, Any]] = []
        asked = dict(variables)
        for _ in range(PAGES_AT_MOST):
            connection = pick(await self._ask(at, name, asked))
            nodes += many(connection, "nodes")
            page = one(connection, "pageInfo")
            following = page.get("endCursor")
            if page.get("hasNextPage") is not True or following == asked.get("after"):
                return nodes
            asked["after"] = following
        raise Unreachable(f"{name} does not end", retry_after_s=60.0)

    async def _parcels(self, at: Credential, document: dict[str, Any]) -> list[dict[str, Any]]:
        """Return every fulfilment with all its units: parcels beyond the first page are read one by one."""
        first = {text(row, "id") or "": dict(row) for row in many(document, "fulfillments")}
        beyond = {text(row, "id") or "": None for row in many(document, "parcels")}
        document.pop("parcels", None)
        parcels = []
        for ref in {**first, **beyond}:
            known = first.get(ref)
            page = one(one(known, "fulfillmentLineItems"), "pageInfo")
            if known is None or page.get("hasNextPage") is True:
                known = dict(one(await self._ask(at, "Parcel", {"id": ref, "after": None}), "node"))
                await self._complete(at, known, "fulfillmentLineItems", more="Parcel", root="node")
            else:
                known["fulfillmentLineItems"] = many(known, "fulfillmentLineItems")
            parcels.append(known)
        return parcels

    async def _refund(self, at: Credential, ref: str) -> dict[str, Any]:
        document = dict(one(await self._ask(at, "WholeRefund", {"id": ref}), "node"))
        await self._complete(at, document, "refundLineItems", more="MoreRefundLines", root="node")
        await self._complete(at, document, "transactions", more="MoreRefundMovements", root="node")
        return document

    async def _currency(self, at: Credential, order_ref: str) -> str:
        order = one(await self._ask(at, "CurrencyOf", {"id": order_ref}), "order")
        return text(order, "presentmentCurrencyCode") or ""

    def _bucket(self, at: Credential) -> Bucket:
        """Return the bucket of this app on this shop; the token itself is not kept."""
        name = f"{at.base_url} {hashlib.sha256(at.secret.encode()).hexdigest()[:16]}"
        return self._buckets.setdefault(name, Bucket())


def _unreachable(trouble: Outcome) -> Unreachable:
    return Unreachable(
        f"{trouble.far_code}: {trouble.message or trouble.verdict}",
        retry_after_s=trouble.retry_after_s or 5.0,
        needs_reconnect=trouble.verdict is Verdict.NEEDS_RECONNECT,
    )
