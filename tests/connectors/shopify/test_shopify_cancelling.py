"""Units that never left are cancelled with their refund, as every schema of the platform takes it."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse
from graphql.execution.values import get_variable_values

from retour.connectors.shopify import operation
from retour.connectors.shopify.translate import effects
from retour.core.effect import EffectKind, RefundedUnits, RefundTender
from tests.connectors.shopify.builders import GID, an_effect
from tests.connectors.shopify.test_shopify_documents import SCHEMAS, schema_of

LINE = f"{GID}/LineItem/11"


def refund_lines(*lines: RefundedUnits) -> tuple[str, Any]:
    """Return the operation and variables of a refund of these lines."""
    effect = an_effect(EffectKind.REFUND_TENDER)
    assert isinstance(effect.target, RefundTender)
    target = replace(effect.target, lines=lines)
    return effects._call(replace(effect, target=target), target)


def test_units_that_never_left_are_freed_at_their_location_and_others_are_not_restocked() -> None:
    name, variables = refund_lines(
        RefundedUnits(LINE, 1, cancelled=True, location_ref=f"{GID}/Location/1"),
        RefundedUnits(LINE, 2, cancelled=True),
        RefundedUnits(LINE, 3),
    )

    assert name == "CreateRefund"
    assert variables["input"]["refundLineItems"] == [
        {"lineItemId": LINE, "quantity": 1, "restockType": "CANCEL", "locationId": f"{GID}/Location/1"},
        {"lineItemId": LINE, "quantity": 2, "restockType": "CANCEL"},
        {"lineItemId": LINE, "quantity": 3, "restockType": "NO_RESTOCK"},
    ]


@pytest.mark.parametrize("version", SCHEMAS)
def test_every_schema_takes_a_cancelled_line(version: str) -> None:
    name, variables = refund_lines(RefundedUnits(LINE, 1, cancelled=True, location_ref=f"{GID}/Location/1"))
    definition = parse(operation.text(name)).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)

    got = get_variable_values(schema_of(version), definition.variable_definitions or (), variables)

    assert not (got if isinstance(got, list) else getattr(got, "errors", None)), got
