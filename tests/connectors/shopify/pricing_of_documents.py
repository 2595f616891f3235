"""The pessimistic price of an operation, counted from its document alone."""

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

FREE = {"pageInfo", "userErrors"}
UNSIZED = 10


def price(schema: GraphQLSchema, document: DocumentNode) -> int:
    """Return points: an object 1, a page 2 + size x (1 + node), a sized list size x (1 + item), a mutation 10 more."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    root = schema.get_root_type(operation.operation)
    assert root is not None
    base = 10 if operation.operation.value == "mutation" else 0

    def selected(selection: SelectionSetNode | None, on: str) -> int:
        points, branches = 0, {}
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                points += field(node, on)
            elif isinstance(node, FragmentSpreadNode):
                fragment = fragments[node.name.value]
                points += selected(fragment.selection_set, fragment.type_condition.name.value)
            elif isinstance(node, InlineFragmentNode):
                name = node.type_condition.name.value if node.type_condition else on
                branches[name] = branches.get(name, 0) + selected(node.selection_set, name)
        return points + max(branches.values(), default=0)

    def field(node: FieldNode, on: str) -> int:
        name = node.name.value
        if name.startswith("__") or name in FREE:
            return 0
        definition = schema.type_map[on].fields[name]
        named = get_named_type(definition.type)
        if is_leaf_type(named):
            return 0
        inside = selected(node.selection_set, named.name)
        if on.endswith(("Connection", "Edge")):
            return inside
        sizes = [a.value for a in node.arguments or () if a.name.value in ("first", "last")]
        size = int(sizes[0].value) if sizes and isinstance(sizes[0], IntValueNode) else UNSIZED
        if named.name.endswith("Connection"):
            return 2 + size * (1 + inside)
        outer = definition.type.of_type if is_non_null_type(definition.type) else definition.type
        return size * (1 + inside) if is_list_type(outer) and sizes else 1 + inside

    return base + selected(operation.selection_set, root.name)
