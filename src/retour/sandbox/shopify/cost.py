"""Query cost: a pessimistic bound per document, a leaky bucket, and what an answer really cost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

MOST = 1000
_FREE = frozenset({"pageInfo", "userErrors"})
_SEE_THROUGH = frozenset({"nodes", "edges", "node"})
_UNSIZED = 10


class CostModel:
    """The cost of one operation: objects 1, connections 2 + page x content, mutations 10 more, leaves nothing."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], sizes: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._sizes = sizes

    def operation(self, node: OperationDefinitionNode) -> int:
        """Return the requested cost."""
        changing = node.operation is OperationType.MUTATION
        root = self._schema.mutation_type if changing else self._schema.query_type
        assert root is not None
        return (10 if changing else 0) + self._selection(node.selection_set, root)

    def _selection(self, chosen: SelectionSetNode | None, parent: GraphQLNamedType) -> int:
        if chosen is None:
            return 0
        cost = 0
        branches: dict[str, int] = {}
        for node in chosen.selections:
            if isinstance(node, FieldNode):
                cost += self._field(node, parent)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                on = self._schema.type_map[fragment.type_condition.name.value]
                cost += self._selection(fragment.selection_set, on)
            elif isinstance(node, InlineFragmentNode):
                on = self._schema.type_map[node.type_condition.name.value] if node.type_condition else parent
                branches[on.name] = branches.get(on.name, 0) + self._selection(node.selection_set, on)
        return cost + max(branches.values(), default=0)

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> int:
        name = node.name.value
        if name.startswith("__") or name in _FREE:
            return 0
        assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        kind = parent.fields[name].type
        named = get_named_type(kind)
        if is_leaf_type(named):
            return 0
        below = self._selection(node.selection_set, named)
        if name in _SEE_THROUGH and parent.name.endswith(("Connection", "Edge")):
            return below
        size = self._size(node)
        if named.name.endswith("Connection"):
            return 2 + (_UNSIZED if size is None else size) * (1 + below)
        outer = kind.of_type if is_non_null_type(kind) else kind
        return size * (1 + below) if is_list_type(outer) and size is not None else 1 + below

    def _size(self, node: FieldNode) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value in {"first", "last"}:
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
                if isinstance(argument.value, VariableNode):
                    given = self._sizes.get(argument.value.name.value)
                    return given if isinstance(given, int) else _UNSIZED
        return None


class Bucket:
    """A leaky bucket of points; a rate of None switches it off."""

    def __init__(self) -> None:
        self._level: float | None = None
        self._at = 0.0

    def take(self, cost: float, *, rate: float | None, size: float) -> bool:
        """Take the points, or return False and take nothing."""
        if rate is None:
            return True
        self._refill(rate, size)
        assert self._level is not None
        if cost > self._level:
            return False
        self._level -= cost
        return True

    def give_back(self, points: float, *, size: float) -> None:
        """Return what was charged too much."""
        if self._level is not None:
            self._level = min(size, self._level + points)

    def level(self, *, rate: float | None, size: float) -> int:
        """Return the points that are there now."""
        if rate is None:
            return int(size)
        self._refill(rate, size)
        return int(self._level or 0)

    def _refill(self, rate: float, size: float) -> None:
        now = time.monotonic()
        before = size if self._level is None else self._level
        self._level = min(size, before + (now - self._at) * rate)
        self._at = now


def actual(data: Any) -> int:
    """Return the points of the objects that an answer holds."""
    if isinstance(data, dict):
        return 1 + sum(actual(value) for value in data.values() if value.__class__ in {dict, list})
    if isinstance(data, list):
        return sum(actual(value) for value in data)
    return 0
