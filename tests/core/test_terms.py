"""The terms of a refund that follow from a ruling."""

from dataclasses import replace

import pytest

from retour.core.policy import compile_policy, decide, template
from retour.core.policy.outcome import Fee, ResolutionKind, ResolutionOffer, Resolutions
from retour.core.policy.outcome import FeePer as PolicyFeePer
from retour.core.policy.outcome import FeeTax as PolicyFeeTax
from retour.core.refund import ChargeMode, FeeKind, FeePer, FeeTax, FeeTerm
from retour.core.terms import terms_of
from tests.core.policy.builders import bare_facts


@pytest.mark.parametrize(
    ("fee", "expected"),
    [
        (None, ()),
        (Fee(bp=1_000, per=PolicyFeePer.UNIT), (FeeTerm(bp=1_000, per=FeePer.UNIT),)),
        (
            Fee(fixed_minor=500, per=PolicyFeePer.PARCEL),
            (FeeTerm(FeeKind.RESTOCKING, fixed_minor=500, currency="EUR", per=FeePer.PARCEL),),
        ),
        (
            Fee(fixed_minor=500, per=PolicyFeePer.RETURN, tax=PolicyFeeTax.SUPPLY, tax_bp=1_900),
            (FeeTerm(fixed_minor=500, currency="EUR", tax=FeeTax.SUPPLY, tax_bp=1_900),),
        ),
    ],
)
def test_the_terms_of_a_refund_follow_the_ruling(fee: Fee | None, expected: tuple[FeeTerm, ...]) -> None:
    document = template()
    offered = Resolutions((ResolutionOffer(ResolutionKind.REFUND_ORIGINAL, restocking_fee=fee),))
    document = replace(document, currency="EUR", defaults=replace(document.defaults, resolutions=offered))
    line = decide(compile_policy(document, version="1"), [bare_facts()]).lines[0]

    terms = terms_of(line, "refund_original")

    assert terms.fees == expected
    assert terms.shipping is ChargeMode.NONE
    assert terms.tender_order == line.refund_terms.outcome.tender_order
