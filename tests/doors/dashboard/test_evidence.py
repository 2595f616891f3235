"""What is known of a blocker, as a person says it: every code and every fact that the core can give has words."""

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from retour.core.effect import EffectKind
from retour.core.rma import blocked
from retour.core.rma.hold import Owes
from retour.doors.dashboard import evidence, words
from tests.web.readers import a_reader

DAY = "2026-05-24T10:00:00+00:00"
# A value of each fact as the core gives it.
VALUES: dict[str, Any] = {
    "effect": "0197c0de", "settlement": "0197c0de", "kind": "refund_tender", "far_code": "THROTTLED", "answer_by": DAY,
    "at": DAY, "problem": "access_denied", "amount_minor": "1250", "pay_by": DAY, "total_minor": "1250",
    "because": "amount", "resolution": "store_credit", "owes": "pay", "held_until": DAY, "units": 2, "approved": 3,
    "received": 2, "inspected": 1, "send_by": DAY, "destination": "hamburg", "parcel": 2,
}  # fmt: skip
TREE = ast.parse(inspect.getsource(blocked))


def codes() -> set[str]:
    """Return every code of a blocker that the core gives."""
    calls = (n for n in ast.walk(TREE) if isinstance(n, ast.Call))
    made = (n.args for n in calls if isinstance(n.func, ast.Name) and n.func.id == "Blocked")
    return {args[1].value for args in made if isinstance(args[1], ast.Constant)}  # type: ignore[misc]


def facts() -> set[str]:
    """Return every key of the evidence that the core gives: of its dictionaries, and those set one by one."""
    outside = next(n for n in TREE.body if isinstance(n, ast.AnnAssign) and ast.unparse(n.target) == "_OUTSIDE")
    apart = set(ast.walk(outside))
    return set(_keys(node for node in ast.walk(TREE) if node not in apart))


def _keys(nodes: Iterator[ast.AST]) -> Iterator[str]:
    for node in nodes:
        keys = node.keys if isinstance(node, ast.Dict) else []
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            keys = [node.slice]
        yield from (str(key.value) for key in keys if isinstance(key, ast.Constant))


def said(code: str, language: str = "en", **known: Any) -> str:
    return evidence.told(a_reader(language), code, known, currency="EUR")


def test_the_list_of_the_core_is_the_list_with_words() -> None:
    amounts = {"total_minor", "amount_minor"}
    assert facts() == set(VALUES)
    assert facts() - evidence.HIDDEN == set(evidence.TOLD) | set(evidence.COUNTED) | amounts | {"units"}
    assert len(codes()) > 30
    assert codes() <= set(words.QUEUE)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("code", sorted(codes()))
def test_no_fact_of_a_blocker_is_told_as_programs_spell_it(code: str, language: str) -> None:
    for name in facts() - evidence.HIDDEN - {"received", "inspected"}:
        value = next(iter(evidence.PROBLEMS.get(code, {"THROTTLED": ""}))) if name == "problem" else VALUES[name]
        text = said(code, language, **{name: value}, unblocks="wait", effect="0197c0de", settlement="0197c0de")
        assert text, name
        for spelled in ("_", f"{name}:", "code:", "Code:", "0197c0de", "wait,", "T10:00", "THROTTLED", "1250"):
            assert spelled not in text, (name, text)


def test_every_call_and_every_debt_has_words() -> None:
    assert {kind.value for kind in EffectKind} <= set(words.EFFECTS)
    for owes in Owes:
        assert "code" not in said("card_refused", owes=owes.value)


def test_goods_are_counted_in_a_sentence() -> None:
    assert said("awaiting_shipment", approved=1, received=0, inspected=0) == "1 item approved, none received"
    assert said("awaiting_shipment", approved=4, received=0, inspected=0) == "4 items approved, none received"
    assert said("awaiting_inspection", approved=3, received=2, inspected=0) == "2 of 3 received, none inspected"
    assert said("awaiting_rest", approved=3, received=2, inspected=1) == "2 of 3 received, 1 of 2 inspected"
    assert said("work_in_progress", approved=0, received=0, inspected=0) == ""
    assert said("nowhere_to_restock", units=2) == "2 items for the stock"


def test_amounts_and_days_are_told_as_the_reader_writes_them() -> None:
    assert said("fee_unpaid", amount_minor="1250", pay_by=DAY) == "€12.50, to be paid by 24 May"
    assert (
        said("second_approval", settlement="0197", total_minor="20000", because="amount") == "€200.00, above the amount"
    )
    assert said("approves_later", at=DAY) == "on 24 May, 12:00"
    assert (
        said("fee_unpaid", "de", amount_minor="1250", pay_by=DAY) == "12,50\N{NO-BREAK SPACE}€, zu zahlen bis 24. Mai"
    )


def test_what_was_answered_is_told_in_words_and_by_its_code_only_where_we_know_none() -> None:
    assert said("effect_failed", kind="refund_tender", far_code="OUT_OF_STOCK") == (
        "Refund, the platform says: not enough stock"
    )
    assert said("effect_unknown", kind="process_return", far_code="http_503") == (
        "Put the goods back into stock, the platform answered with the status 503"
    )
    assert said("effect_failed", kind="refund_tender", far_code="PURPLE") == "Refund, code: PURPLE"
    assert said("effect_failed", kind="refund_tender", far_code=None) == "Refund"


def test_a_problem_is_told_by_the_words_of_its_blocker_with_what_the_platform_said_behind() -> None:
    assert said("label_failed", problem="sender_missing", destination=None, parcel=1) == (
        "The shop platform did not say where the order was sent, parcel 1"
    )
    assert said("exchange_stuck", problem="refused_there: no such tax") == "The platform refused it “no such tax”"
    assert said("fee_stuck", problem="purple") == "code: purple"
