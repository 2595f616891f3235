"""The HTTP door of the sandbox shop: token, version, cost, misbehaviour, then GraphQL, then the webhooks."""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    IntValueNode,
    OperationDefinitionNode,
    StringValueNode,
    VariableNode,
    execute_sync,
    parse,
    validate,
)

from retour.sandbox.misbehaviour import Plan, Rule, cut, drop, read_body, respond
from retour.sandbox.shopify.announce import Announcer
from retour.sandbox.shopify.cost import MOST, Bucket, CostModel, actual
from retour.sandbox.shopify.keys import Keys
from retour.sandbox.shopify.schema import executable_schema
from retour.sandbox.shopify.state import Shop

PATH = re.compile(r"^/admin/api/([^/]+)/graphql\.json$")
_ENCODE = msgspec.json.Encoder().encode
_DENIED = b'{"errors":"[API] Invalid API key or access token (unrecognized login or wrong password)"}'


@dataclass(frozen=True, slots=True)
class Operation:
    """One prepared operation: its root fields and the costs already computed."""

    node: OperationDefinitionNode
    roots: tuple[str, ...]
    sizes: tuple[str, ...]
    defaults: dict[str, int]
    costs: dict[tuple[Any, ...], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed and validated text."""

    tree: DocumentNode | None
    errors: list[GraphQLError]
    operations: dict[str, Operation]
    fragments: dict[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class Call:
    """What a resolver may see."""

    shop: Shop
    keys: Keys


class Gateway:
    """Answers `POST /admin/api/{version}/graphql.json`."""

    def __init__(self, shop: Shop, plan: Plan, announcer: Announcer) -> None:
        self.shop = shop
        self.keys = Keys()
        self.bucket = Bucket()
        self._plan = plan
        self._announcer = announcer
        self._documents: dict[str, Document] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        body = await read_body(receive)
        tokens = [v.decode("latin-1") for k, v in scope["headers"] if k == b"x-shopify-access-token"]
        if not tokens or tokens[0] not in self.shop.settings.tokens:
            await respond(send, 401, _DENIED)
            return
        if scope["method"] != "POST":
            await respond(send, 405, b'{"errors":"Method not allowed"}')
            return
        hosts = [v.decode("latin-1") for k, v in scope["headers"] if k == b"host"]
        self.shop.address = f"{scope['scheme']}://{hosts[0]}" if hosts else ""
        wish = _decode(body)
        if wish is None:
            await respond(send, 400, b'{"errors":"Bad request: the body must be a JSON object with a query"}')
            return
        await self._answer(send, wish)

    async def _answer(self, send: Any, wish: dict[str, Any]) -> None:
        document = self._document(wish["query"])
        variables = wish.get("variables") or {}
        operation = _chosen(document, wish.get("operationName"))
        if document.errors or operation is None:
            errors = [e.formatted for e in document.errors] or [{"message": "No operation was chosen"}]
            await self._say(send, {"errors": errors})
            return
        rule = self._plan.next_for(operation.roots)
        if rule is not None and await self._refuse_first(send, rule, operation, variables):
            return
        answer = self._run(document, operation, variables)
        self._tell()
        if rule is not None and await self._spoil(send, rule, answer):
            return
        await self._say(send, answer)

    def _tell(self) -> None:
        """Send what happened, and come back when a pending refund is due to end."""
        self._announcer.flush(self.shop)
        if self.shop.pending:
            wait_s = self.shop.settings.refund_pending_s + 0.01
            asyncio.get_running_loop().call_later(wait_s, self._settle)

    def _settle(self) -> None:
        self.shop.settle_due()
        self._announcer.flush(self.shop)

    async def _refuse_first(self, send: Any, rule: Rule, operation: Operation, variables: dict[str, Any]) -> bool:
        match rule.how:
            case "429":
                await respond(send, 429, b'{"errors":"Too many requests"}', headers={"Retry-After": "1.0"})
            case "throttled":
                await self._say(send, {"errors": [_throttled()]})
            case "500":
                await respond(send, 500, b'{"errors":"Internal Server Error"}')
            case "failed_attempt":
                for key in _keys(operation, variables):
                    self.keys.fail(key, now=self.shop.now())
                await respond(send, 500, b'{"errors":"Internal Server Error"}')
            case "html_before":
                await respond(send, 502, b"<html><body>Bad gateway</body></html>", kind=b"text/html")
            case "timeout_before":
                await asyncio.sleep(rule.seconds)
                await drop(send)
            case "slow":
                claimed = [k for k in _keys(operation, variables) if self.keys.claim(k, now=self.shop.now())]
                await asyncio.sleep(rule.seconds)
                for key in claimed:
                    self.keys.release(key)
                return False
            case _:
                return False
        return True

    async def _spoil(self, send: Any, rule: Rule, answer: dict[str, Any]) -> bool:
        match rule.how:
            case "timeout_after":
                await asyncio.sleep(rule.seconds)
                await drop(send)
            case "truncated":
                await cut(send, _ENCODE(answer))
            case "500_after":
                await respond(send, 500, b'{"errors":"Internal Server Error"}')
            case "html":
                await respond(send, 200, b"<html><body>One moment, please</body></html>", kind=b"text/html")
            case _:
                return False
        return True

    def _run(self, document: Document, operation: Operation, variables: dict[str, Any]) -> dict[str, Any]:
        shop = self.shop
        shop.settle_due()
        rate = shop.settings.cost_points_per_s
        size = shop.settings.cost_bucket or 20 * (rate or 1000.0)
        asked = self._cost(document, operation, variables)
        if asked > MOST:
            text = f"Query cost is {asked}, which exceeds the single query max cost limit ({MOST})."
            return {"errors": [{"message": text, "extensions": {"code": "MAX_COST_EXCEEDED", "cost": asked}}]}
        if not self.bucket.take(asked, rate=rate, size=size):
            return {"errors": [_throttled()], "extensions": {"cost": self._levels(asked, None, rate, size)}}
        name = operation.node.name.value if operation.node.name else None
        assert document.tree is not None
        result = execute_sync(
            executable_schema(),
            document.tree,
            context_value=Call(shop, self.keys),
            variable_values=variables,
            operation_name=name,
        )
        shop.calls.update(operation.roots)
        used = min(asked, actual(result.data))
        self.bucket.give_back(asked - used, size=size)
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [e.formatted for e in result.errors]
        answer["extensions"] = {"cost": self._levels(asked, used, rate, size)}
        return answer

    def _levels(self, asked: int, used: int | None, rate: float | None, size: float) -> dict[str, Any]:
        return {
            "requestedQueryCost": asked,
            "actualQueryCost": used,
            "throttleStatus": {
                "maximumAvailable": size,
                "currentlyAvailable": self.bucket.level(rate=rate, size=size),
                "restoreRate": rate or size,
            },
        }

    def _cost(self, document: Document, operation: Operation, variables: dict[str, Any]) -> int:
        sizes = tuple(variables.get(name, operation.defaults.get(name)) for name in operation.sizes)
        if any(isinstance(value, list | dict) for value in sizes):
            return 1
        known = operation.costs.get(sizes)
        if known is None:
            given = dict(zip(operation.sizes, sizes, strict=True))
            known = CostModel(executable_schema(), document.fragments, given).operation(operation.node)
            operation.costs[sizes] = known
        return known

    def _document(self, text: str) -> Document:
        known = self._documents.get(text)
        if known is None:
            if len(self._documents) > 500:
                self._documents.clear()
            known = self._documents[text] = _prepare(text)
        return known

    async def _say(self, send: Any, answer: dict[str, Any]) -> None:
        headers = {"X-Shopify-API-Version": self.shop.settings.version, "X-Request-Id": str(uuid.uuid4())}
        await respond(send, 200, _ENCODE(answer), headers=headers)


def _throttled() -> dict[str, Any]:
    return {"message": "Throttled", "extensions": {"code": "THROTTLED"}}


def _decode(body: bytes | None) -> dict[str, Any] | None:
    try:
        wish = msgspec.json.decode(body or b"")
    except msgspec.DecodeError:
        return None
    if not isinstance(wish, dict) or not isinstance(wish.get("query"), str):
        return None
    if not isinstance(wish.get("operationName") or "", str):
        return None
    return wish if isinstance(wish.get("variables") or {}, dict) else None


def _prepare(text: str) -> Document:
    try:
        tree = parse(text)
    except GraphQLError as error:
        return Document(None, [error], {}, {})
    errors = validate(executable_schema(), tree)
    fragments = {d.name.value: d for d in tree.definitions if isinstance(d, FragmentDefinitionNode)}
    operations = {}
    for node in tree.definitions:
        if isinstance(node, OperationDefinitionNode):
            operations[node.name.value if node.name else ""] = _operation(node)
    return Document(tree, errors, operations, fragments)


def _operation(node: OperationDefinitionNode) -> Operation:
    roots = tuple(f.name.value for f in node.selection_set.selections if isinstance(f, FieldNode))
    declared = node.variable_definitions or ()
    ints = [v for v in declared if getattr(getattr(v.type, "name", None), "value", None) == "Int"]
    defaults = {
        v.variable.name.value: int(v.default_value.value) for v in ints if isinstance(v.default_value, IntValueNode)
    }
    return Operation(node, roots, tuple(v.variable.name.value for v in ints), defaults)


def _chosen(document: Document, name: str | None) -> Operation | None:
    if name:
        return document.operations.get(name)
    return next(iter(document.operations.values())) if len(document.operations) == 1 else None


def _keys(operation: Operation, variables: dict[str, Any]) -> list[str]:
    keys = []
    for node in operation.node.selection_set.selections:
        for directive in node.directives or ():
            if directive.name.value == "idempotent" and directive.arguments:
                value = directive.arguments[0].value
                if isinstance(value, StringValueNode):
                    keys.append(value.value)
                elif isinstance(value, VariableNode):
                    keys.append(str(variables.get(value.name.value)))
    return keys
