"""A fee that is paid beforehand in a policy: what may be said, and what of it becomes a term."""

import json
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from retour.core.errors import Refused
from retour.core.policy import compile_policy, decide, decode, encode, template
from retour.core.policy.outcome import Beforehand, Fee, FeePer, Fees
from retour.core.policy.schema import schema
from retour.core.refund import FeeKind
from retour.core.terms import terms_of
from tests.core.test_terms import bare_facts

FEE = Fee(fixed_minor=690, per=FeePer.RETURN, beforehand=Beforehand.KEPT)
SAID: dict[str, Any] = {"fixed_minor": 690, "per": "return", "beforehand": "kept"}


def document(fees: Fees) -> Any:
    said = replace(template(), currency="EUR", rules=())
    return replace(said, defaults=replace(said.defaults, fees=fees))


def with_fee(**said: Any) -> Any:
    plain = json.loads(json.dumps(encode(document(Fees(return_fee=FEE)))))
    plain["defaults"]["fees"] = said
    return plain


@pytest.mark.parametrize("per", ["return", "parcel"])
@pytest.mark.parametrize("back", list(Beforehand))
def test_a_fixed_amount_may_be_paid_beforehand(per: str, back: Beforehand) -> None:
    said = with_fee(return_fee=SAID | {"per": per, "beforehand": back.value})
    read = decode(said)

    assert read.defaults.fees.return_fee == Fee(fixed_minor=690, per=FeePer(per), beforehand=back)
    assert decode(json.loads(json.dumps(encode(read)))) == read
    jsonschema_rs.validator_for(schema()).validate(said)


def test_what_says_nothing_is_withheld_and_written_as_before() -> None:
    plain = encode(document(Fees(return_fee=Fee(fixed_minor=690))))

    assert "beforehand" not in json.dumps(plain)


@pytest.mark.parametrize(
    "more", [{"bp": 1}, {"per": "unit"}, {"per": "line"}, {"fixed_minor": 0}], ids=["share", "unit", "line", "nothing"]
)
def test_what_is_not_known_yet_cannot_be_paid(more: dict[str, Any]) -> None:
    with pytest.raises(Refused) as no:
        decode(with_fee(return_fee=SAID | more))

    assert (no.value.code, no.value.field) == ("not_allowed", "defaults.fees.return_fee.beforehand")


def test_a_cancellation_waits_for_no_payment() -> None:
    with pytest.raises(Refused) as no:
        decode(with_fee(cancellation_fee=SAID))

    assert (no.value.code, no.value.field) == ("not_allowed", "defaults.fees.cancellation_fee.beforehand")


def test_another_word_is_refused() -> None:
    with pytest.raises(Refused) as no:
        decode(with_fee(return_fee=SAID | {"beforehand": "perhaps"}))

    assert no.value.code == "not_one_of"


def test_a_return_waits_for_it_and_a_withdrawal_does_not() -> None:
    line = decide(compile_policy(document(Fees(return_fee=FEE)), version="1"), [bare_facts()]).lines[0]

    (term,) = terms_of(line, "refund_original").fees
    (of_withdrawal,) = terms_of(line, "refund_original", is_withdrawal=True).fees
    assert (term.kind, term.beforehand) == (FeeKind.RETURN, Beforehand.KEPT)
    assert of_withdrawal == replace(term, beforehand=None)
