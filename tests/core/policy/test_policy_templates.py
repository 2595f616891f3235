"""Every template is a policy that is read back the same, contradicts itself nowhere, and decides as it says."""

import json
from datetime import date
from typing import Any

import jsonschema_rs
import pytest

from retour.core.errors import Refused
from retour.core.policy import (
    LineDecision,
    PolicyDocument,
    compile_policy,
    decide,
    decode,
    encode,
    template,
    template_named,
    templates,
)
from retour.core.policy.conflicts import find_conflicts
from retour.core.policy.document import FactValue
from retour.core.policy.facts import LineFacts, ParcelDays
from retour.core.policy.outcome import Approval, ChargeMode, Fee, MethodKind, ResolutionKind
from retour.core.policy.schema import schema

DELIVERED = date(2026, 3, 5)  # a Thursday
TODAY = date(2026, 3, 10)
ALL = [pytest.param(one.make(), id=one.name) for one in templates()]


def decided(name: str, today: date = TODAY, delivered: date = DELIVERED, **values: FactValue) -> LineDecision:
    """Return how a template decides one delivered line; `line_reason` stands for `line.reason`."""
    known: dict[str, FactValue] = {
        "return.kind": "return", "order.country": "DE", "product.gift_card": False, "product.tags": (),
        "order.placed_on": date(2026, 3, 1), "line.quantity": 1, "line.shipped_quantity": 2, "line.earlier_returned": 0,
        "line.units_left": 2, "return.item_count": 1, "line.reason": "changed_mind",
    }  # fmt: skip
    known |= {fact.replace("_", ".", 1): value for fact, value in values.items()}
    facts = LineFacts("L1", today, "EUR", known, (ParcelDays(date(2026, 3, 2), delivered),))
    return decide(compile_policy(template_named(name).make(), version="1"), [facts]).lines[0]


def said(line: LineDecision) -> tuple[Any, ...]:
    """Return the codes of a line, its last day, who approves, what is offered and how it goes back."""
    return (
        [no.code for no in line.objections],
        line.closes_on,
        line.decision.outcome.approval.value,
        [offer.kind.value for offer in line.resolutions.outcome.offered],
        [offer.kind.value for offer in line.methods.outcome.offered],
    )


@pytest.mark.parametrize("policy", ALL)
def test_a_template_is_read_back_the_same_and_fits_the_schema(policy: PolicyDocument) -> None:
    document = json.loads(json.dumps(encode(policy)))

    assert decode(document) == policy
    jsonschema_rs.validator_for(schema()).validate(document)


@pytest.mark.parametrize("policy", ALL)
def test_a_template_has_no_conflicts(policy: PolicyDocument) -> None:
    assert [(one.kind, one.rules) for one in find_conflicts(policy, today=TODAY)] == []


@pytest.mark.parametrize("policy", ALL)
def test_a_template_needs_no_currency(policy: PolicyDocument) -> None:
    assert policy.currency is None


def test_templates_are_listed_by_name_with_a_title_and_a_description() -> None:
    assert [one.name for one in templates()] == [
        "thirty-days", "thirty-days-automatic", "eu-withdrawal", "us-thirty-days", "final-sale", "electronics", "warranty",
    ]  # fmt: skip
    assert all(one.title and one.description.endswith(".") for one in templates())
    assert template_named("thirty-days").make() == template()
    assert template_named("thirty-days-automatic").make() == template(automatic=True)


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(Refused) as no:
        template_named("forty-days")

    assert (no.value.code, no.value.status) == ("template_not_found", 404)


@pytest.mark.parametrize("name", [one.name for one in templates()])
def test_gift_cards_never_come_back_and_a_withdrawal_always_does(name: str) -> None:
    card = decided(name, product_gift_card=True, line_reason="damaged")
    withdrawn = decided(name, date(2027, 3, 10), product_gift_card=True, return_kind="withdrawal")

    assert [no.code for no in card.objections] == ["never_eligible"]
    assert withdrawn.objections == ()
    assert [offer.kind for offer in withdrawn.resolutions.outcome.offered] == [ResolutionKind.REFUND_ORIGINAL]


def test_thirty_days_are_thirty_days() -> None:
    assert said(decided("thirty-days")) == (
        [], date(2026, 4, 4), "review", ["refund_original"], ["own_carrier"],
    )  # fmt: skip
    assert said(decided("thirty-days-automatic", date(2026, 4, 5))) == (
        ["window_closed"], date(2026, 4, 4), "auto_approve", ["refund_original"], ["own_carrier"],
    )  # fmt: skip
    assert [no.code for no in decided("thirty-days", product_tags=("Final Sale",)).objections] == ["final_sale"]


def test_the_european_policy() -> None:
    changed = decided("eu-withdrawal")
    faulty = decided("eu-withdrawal", line_reason="defective")
    claim = decided("eu-withdrawal", date(2028, 3, 4), return_kind="claim", line_reason="defective")
    abroad = decided("eu-withdrawal", order_country="CH")

    assert said(changed) == (
        [], date(2026, 3, 19), "auto_approve", ["refund_original", "exchange"], ["own_carrier"],
    )  # fmt: skip
    assert changed.refund_terms.outcome.shipping is ChargeMode.ON_FULL_RETURN
    assert said(faulty) == ([], date(2026, 3, 19), "review", ["refund_original", "exchange"], ["label"])
    assert (faulty.refund_terms.outcome.shipping, faulty.requirements.outcome.photos) == (ChargeMode.ALL, 1)
    assert said(claim) == ([], date(2028, 3, 4), "review", ["repair", "exchange", "refund_original"], ["label"])
    assert (claim.requirements.outcome.photos, claim.requirements.outcome.note) == (1, True)
    assert (abroad.decision.rule, abroad.decision.outcome.approval) == ("outside", Approval.REVIEW)


def test_in_europe_the_last_day_is_a_working_day_and_made_to_order_comes_back_only_with_a_fault() -> None:
    saturday = decided("eu-withdrawal", delivered=date(2026, 3, 7))
    unsealed = {reason: decided("eu-withdrawal", product_tags=("hygiene-seal",), line_reason=reason)
                for reason in ("changed_mind", "damaged", None)}  # fmt: skip

    assert saturday.closes_on == date(2026, 3, 23)
    assert {reason: [no.code for no in line.objections] for reason, line in unsealed.items()} == {
        "changed_mind": ["never_eligible"], "damaged": [], None: [],
    }  # fmt: skip
    assert unsealed["changed_mind"].objections[0].message == "This article was made or unsealed for you."


def test_the_american_policy() -> None:
    home = decided("us-thirty-days", order_country="US")
    abroad = decided("us-thirty-days", order_country="CA")
    faulty = decided("us-thirty-days", order_country="CA", line_reason="wrong_item")
    many = decided("us-thirty-days", order_country="US", return_item_count=11)

    offered = ["refund_original", "store_credit", "exchange"]
    assert said(home) == ([], date(2026, 4, 4), "auto_approve", offered, ["label"])
    assert [offer.bonus.bp for offer in home.resolutions.outcome.offered if offer.bonus] == [1_000]
    assert said(abroad) == ([], date(2026, 4, 4), "review", offered, ["own_carrier"])
    assert said(faulty) == ([], date(2026, 4, 4), "review", offered, ["label"])
    assert (many.decision.rule, many.decision.outcome.approval) == ("many-units", Approval.REVIEW)


def test_under_final_sale_only_faults_come_back() -> None:
    unknown = decided("final-sale", line_reason=None)
    changed = decided("final-sale")
    faulty = decided("final-sale", line_reason="damaged")

    assert [no.code for no in unknown.objections] == []
    assert [(no.code, no.rule) for no in changed.objections] == [("final_sale", "all-final")]
    assert said(faulty) == ([], date(2026, 3, 19), "review", ["refund_original", "exchange"], ["label"])


def test_electronics_cost_a_restocking_fee_unless_it_is_our_fault() -> None:
    changed = decided("electronics")
    faulty = decided("electronics", line_reason="defective")
    software = decided("electronics", product_tags=("software",))

    assert said(changed) == (
        [], date(2026, 3, 19), "auto_approve", ["refund_original", "exchange", "store_credit"], ["own_carrier"],
    )  # fmt: skip
    assert [offer.restocking_fee for offer in changed.resolutions.outcome.offered] == [Fee(bp=1_500), None, None]
    assert [question.id for question in changed.requirements.outcome.questions] == ["serial-number", "complete"]
    assert not changed.fees.outcome.waived
    assert (faulty.fees.outcome.waived, faulty.fees.rule) == (True, "our-fault")
    assert faulty.methods.outcome.offered[0].kind is MethodKind.LABEL
    assert [(no.code, no.rule) for no in software.objections] == [("never_eligible", "unsealed")]


def test_a_warranty_is_open_for_claims_alone() -> None:
    late = date(2027, 3, 10)
    claim = decided("warranty", late, return_kind="claim", line_reason="defective", product_tags=("final-sale",))
    later = decided("warranty", date(2028, 3, 5), return_kind="claim")
    changed = decided("warranty", late)
    sale = decided("warranty", product_tags=("final-sale",))

    assert said(claim) == ([], date(2028, 3, 4), "review", ["repair", "exchange", "refund_original"], ["label"])
    assert (claim.fees.outcome.waived, claim.requirements.outcome.photos) == (True, 2)
    assert [no.message for no in later.objections] == ["The warranty of this article has ended."]
    assert [no.code for no in changed.objections] == ["window_closed"]
    assert [no.code for no in sale.objections] == ["final_sale"]
