"""Facts kept with a return are read for ever, whatever the catalogue has learned since."""

import json
from typing import Any

from retour.core.policy import (
    FACTS,
    compile_policy,
    decide,
    decode_facts,
    encode_facts,
    encode_line_decision,
    frozen_line_decision,
)
from retour.core.policy.document import AllOf, Compare, Op
from tests.core.policy.builders import NEVER, a_policy, a_rule, facts_of
from tests.core.policy.test_policy_parity import rich

# As the first version of the catalogue wrote them, letter for letter.
OLD: dict[str, Any] = {
    "line": "L1",
    "today": "2026-03-10",
    "books_currency": "EUR",
    "values": {
        "order.country": "DE", "order.currency": "EUR", "order.tags": ["vip"], "order.discount_codes": [],
        "order.paid_with": ["card"], "order.total": 10000, "order.placed_on": "2026-03-01",
        "order.days_since_ordered": 9, "order.earlier_returns": 0, "customer.tags": [], "customer.earlier_returns": 0,
        "line.sku": "SHIRT-1", "line.title": "Linen shirt", "line.quantity": 1, "line.ordered_quantity": 2,
        "line.shipped_quantity": 2, "line.units_left": 2, "line.price_paid": 5000, "line.discount_bp": 2000,
        "line.earlier_returned": 0, "line.requires_shipping": True, "line.fulfilled_on": "2026-03-02",
        "line.delivered_on": "2026-03-05", "line.days_since_fulfilled": 8, "line.days_since_delivered": 5,
        "line.reason": "too_small", "product.ref": "P1", "product.type": "Shirt", "product.vendor": "Loom",
        "product.tags": ["linen"], "product.collections": ["spring"], "product.gift_card": False,
        "return.kind": "return", "return.channel": "portal", "return.item_count": 1, "return.value": 5000,
    },
    "parcels": [["2026-03-02", "2026-03-05"]],
}  # fmt: skip


def test_a_fact_that_was_not_gathered_then_is_not_known_now() -> None:
    facts = decode_facts(OLD)
    missing = set(FACTS) - set(OLD["values"])

    assert {name: facts.values.get(name) for name in missing} == dict.fromkeys(missing)
    assert {name: facts.values[name] for name in OLD["values"]} == {
        name: value for name, value in facts_of()[0].values.items() if name in OLD["values"]
    } | {"order.tags": ("vip",), "order.paid_with": ("card",), "line.units_left": 2, "customer.earlier_returns": 0}


def test_a_policy_of_today_decides_on_facts_of_then() -> None:
    old = decode_facts(OLD)
    asked = [
        Compare("order.channel", Op.NE, "pos"),
        Compare("customer.total_spent", Op.GTE, 0),
        Compare("line.customised", Op.EQ, False),
    ]
    unknown = [a_rule(f"r{n}", NEVER, each) for n, each in enumerate(asked)]
    named = a_rule("known", NEVER, AllOf(tuple(Compare(each.fact, Op.KNOWN, False) for each in asked)))

    decision = decide(compile_policy(a_policy(*unknown, named), version="1"), [old]).lines[0]

    assert decision.eligibility.rule == "known"


def test_facts_are_the_same_after_they_were_kept() -> None:
    facts = rich()
    kept = decode_facts(json.loads(json.dumps(encode_facts(facts))))

    assert kept == facts
    assert kept.values == facts.values


def test_what_is_frozen_with_a_return_names_only_what_is_known_and_decides_the_same() -> None:
    compiled = compile_policy(a_policy(a_rule("r", NEVER, Compare("order.channel", Op.KNOWN, False))), version="1")
    facts = facts_of()[0]
    decision = decide(compiled, [facts]).lines[0]

    frozen: Any = json.loads(json.dumps(frozen_line_decision(decision)))

    assert frozen["facts"]["values"] == {
        name: value
        for name, value in json.loads(json.dumps(encode_facts(facts)))["values"].items()
        if value is not None
    }
    assert frozen["rulings"] == json.loads(json.dumps(encode_line_decision(decision)))["rulings"]
    again = decide(compiled, [decode_facts(frozen["facts"])]).lines[0]
    assert (again.eligibility.rule, again.objections) == ("r", decision.objections)
    assert again.closes_on == decision.closes_on
