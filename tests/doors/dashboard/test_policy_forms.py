"""The forms of a policy: whatever a document says is shown in fields and read back the same, and has words."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from retour.core.policy import PolicyDocument, decode, encode
from retour.core.policy.document import Op
from retour.core.policy.facts import FACTS, FactType, Level
from retour.core.policy.outcome import Group
from retour.core.policy.template import templates
from retour.doors.dashboard.policy import conditions, fact_words, outcome_forms, values
from retour.doors.dashboard.policy.conditions import Places
from retour.doors.dashboard.policy.pieces import How, Piece, Reading, typed_record
from retour.doors.dashboard.policy.sentences import Teller
from retour.doors.dashboard.policy.values import Wrong
from retour.web.forms import FormErrors
from retour.web.reader import Reader
from retour.web.texts import Texts

TEXTS = Texts.load()
RULES: tuple[Any, ...] = (
    {"all": []},
    {"fact": "order.country", "op": "in", "value": ["DE", "AT"]},
    {"all": [{"fact": "order.total", "op": "gt", "value": 12345}, {"fact": "line.discount_bp", "op": "lte", "value": 1250}]},
    {"not": {"any": [{"fact": "product.tags", "op": "has_any", "value": ['a, "b"', "c"]}, {"expression": "order.total > 1"}]}},
    {"any": [{"not": {"fact": "product.gift_card", "op": "eq", "value": True}}, {"all": [
        {"fact": "order.placed_on", "op": "gte", "value": "2026-02-28"}, {"fact": "order.zone", "op": "in", "value": ["Near"]},
        {"fact": "line.delivered_on", "op": "known", "value": False}, {"fact": "line.reason", "op": "eq", "value": "damaged"},
    ]}]},
)  # fmt: skip
EVERYTHING: dict[str, Any] = {
    "eligibility": {
        "mode": "window", "window_days": 14, "counted_from": [{"day": "delivered"}, {"day": "fulfilled", "plus_days": 5}],
        "days": "working", "extend": True, "until": "2027-01-31", "message": "Too late.",
    },
    "resolutions": {"offered": [
        {"kind": "store_credit", "bonus": {"bp": 1000, "fixed_minor": 500, "at_most_minor": 2000}, "share_bp": 9000},
        {"kind": "exchange", "exchange": {"items": "any_product", "price": "listed", "free_from_bp": 9000,
         "free_to_bp": 12_000, "up": "checkout", "down": "credit", "out_of_stock": True}},
        {"kind": "refund_original", "restocking_fee": {"bp": 525, "of": "listed", "at_most_minor": 1500, "tax": "supply",
         "tax_bp": 1900, "tax_included": False}},
    ]},
    "methods": {"offered": [{"kind": "label", "destination": "gid://1", "fee": {"actual_cost": True, "per": "parcel"}}]},
    "decision": {"approval": "auto_approve", "after_hours": 12},
    "settle_on": {"moment": "delivered", "after_hours": 48},
    "refund_terms": {"shipping": "proportional", "deduction_bp": {"opened": 500, "damaged": 4000}, "duties": "all",
                     "tips": "on_full_return", "sale_fees": "all", "gift_wrapping": "proportional",
                     "promotions": "clawback", "shortfall": "billed", "capture_order": "oldest",
                     "tender_order": ["card", "store_credit", "gift_card", "other"]},
    "fees": {"return_fee": {"fixed_minor": 390, "per": "return"}, "cancellation_fee": {"fixed_minor": 100},
             "waived": True, "waiver": "our mistake"},
    "requirements": {"photos": 2, "note": True, "questions": [
        {"id": "size", "text": "Which size fits?", "answer": "choice", "choices": ["S", "M"], "required": False},
        {"id": "q1", "text": "Worn?", "answer": "yes_no"}]},
    "inspection": {"sealed": {"accepted": True, "disposition": "restock"}, "opened": {"accepted": True,
                   "disposition": "refurbish"}, "damaged": {"accepted": False, "disposition": "return_to_customer"}},
}  # fmt: skip


def a_reader(language: str = "en") -> Reader:
    return Reader(language, ZoneInfo("Europe/Berlin"), None, datetime(2026, 5, 12, tzinfo=UTC), TEXTS.of(language))


def a_document(*whens: Any) -> PolicyDocument:
    base = encode(templates()[0].make())
    rules = [
        {
            "id": f"r{n}",
            "name": f"Rule {n}",
            "when": when,
            "then": EVERYTHING if n == 0 else {"decision": {"approval": "review"}},
        }
        for n, when in enumerate(whens)
    ]
    return decode({**base, "currency": "EUR", "rules": rules, "zones": [{"name": "Near", "countries": ["DE", "AT"]}]})


def typed_and_read(document: PolicyDocument, reader: Reader) -> dict[str, Any]:
    """Return the document after every rule and default of it went through its forms."""
    plain: dict[str, Any] = encode(document)
    by = Reading(reader, "EUR", FormErrors(), tuple(zone.name for zone in document.zones))
    for rule in plain["rules"]:
        rule["when"] = conditions.read_condition(conditions.typed_condition(rule["when"], by), "when", by, Places())
        rule["then"] = {name: through(name, said, by) for name, said in rule["then"].items()}
    plain["defaults"] = {name: through(name, plain["defaults"].get(name, {}), by) for name in outcome_forms.IN_ORDER}
    declared = typed_record(outcome_forms.CALENDAR, {"several": "review", **plain}, reader, "EUR")
    plain |= outcome_forms.read_calendar(declared, by)
    assert not by.errors, list(by.errors)
    return plain


def through(name: str, said: Any, by: Reading) -> Any:
    tree = typed_record(outcome_forms.FORMS[name], said, by.reader, "EUR")
    return outcome_forms.read_group(name, tree, f"then.{name}", by)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("document", [*(one.make() for one in templates()), a_document(*RULES)], ids=lambda d: d.name)
def test_a_document_that_goes_through_its_forms_stays_the_same(document: PolicyDocument, language: str) -> None:
    read = decode(typed_and_read(document, a_reader(language)))

    assert encode(document) == encode(read)


def test_a_window_without_days_needs_a_last_day() -> None:
    by = Reading(a_reader(), "EUR", FormErrors())
    outcome_forms.read_group(
        "eligibility", {"mode": "window", "window_days": "", "days": "calendar"}, "then.eligibility", by
    )

    assert dict(by.errors) == {"then.eligibility.window_days": "Say how many days, or until which day"}


def test_countries_are_typed_by_name_or_by_their_letters_in_either_language() -> None:
    fact = FACTS["order.country"]

    read = values.read_value(fact, Op.IN, ["Deutschland, at ,Frankreich"], a_reader("de"), currency="EUR")
    with pytest.raises(Wrong, match="Atlantis"):
        values.read_value(fact, Op.IN, ["Atlantis"], a_reader(), currency="EUR")

    assert read == ["DE", "AT", "FR"]


def test_a_rule_reads_as_a_sentence() -> None:
    rule = encode(a_document(RULES[2]))["rules"][0]  # type: ignore[index] # a list of rules

    english, german = (Teller(a_reader(language), "EUR").rule(rule, 1) for language in ("en", "de"))

    assert (
        english.when == "When the total of the order is more than €123.45 and the discount on the item is at most 12.5%"
    )
    assert german.when == (
        "Wenn die Summe der Bestellung größer als 123,45\xa0€ ist und der Rabattanteil des Artikels höchstens 12,5\xa0% ist"
    )
    assert (
        "On top of store credit comes a bonus of 10% of the value + €5.00 for the return, at most €20.00."
        in english.sentences
    )


def options(pieces: tuple[Piece, ...]) -> set[str]:
    found: set[str] = set()
    for piece in pieces:
        found |= {words for _, words in piece.options if piece.how is not How.HIDDEN} | options(piece.parts)
        found |= {text for text in (piece.label, piece.hint, piece.add, piece.row) if text}
    return found


def test_every_fact_comparison_and_answer_has_words_in_english_and_german() -> None:
    german = TEXTS.of("de")
    texts = {
        *fact_words.NAMES.values(),
        *fact_words.OPS.values(),
        *fact_words.LEVELS.values(),
        *outcome_forms.GROUPS.values(),
    }
    for form in (*outcome_forms.FORMS.values(), outcome_forms.CALENDAR):
        texts |= options(form)
    for fact in FACTS.values():
        if fact.name not in ("line.resolution", "return.resolutions"):  # the desk's own words
            texts |= {words for value, words in values.choices(fact) if words != value}
        assert set(fact.choices) <= {value for value, _ in values.choices(fact)}
    same = {text for text in texts if german.gettext(text) == text}

    assert set(fact_words.NAMES) == set(FACTS)
    assert {name for name, fact in FACTS.items() if fact.type is FactType.FLAG} == set(fact_words.FLAGS)
    assert set(fact_words.OPS) == set(Op)
    assert set(fact_words.LEVELS) == set(Level)
    assert set(outcome_forms.FORMS) == {group.value for group in Group} == set(outcome_forms.IN_ORDER)
    assert same <= {"Name", "Zone", "API", "Portal"}


def test_a_rule_is_built_from_the_stores_own_reasons() -> None:
    by = Reading(a_reader(), "EUR", FormErrors(), (), (("narrow", "Too narrow"), ("too_small", "Too small")))
    tree = conditions.typed_condition({"fact": "line.reason", "op": "in", "value": ["narrow"]}, by)

    (row,) = conditions.shown_condition(tree, by).parts

    assert (row.options, row.values) == ((("narrow", "Too narrow"), ("too_small", "Too small")), ("narrow",))
    assert "damaged" in dict(values.choices(FACTS["line.reason"]))
