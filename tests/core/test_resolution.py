"""A merchant's own resolutions: which records may be kept, and which of them a policy may name."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from retour.core.errors import Refused
from retour.core.policy import PolicyDocument, template
from retour.core.policy.document import Rule
from retour.core.policy.outcome import Outcomes, ResolutionKind, ResolutionOffer, Resolutions
from retour.core.resolution import Named, Resolution, Wording, check, check_named, named_in, wording_of

K = ResolutionKind
ID, STORE = uuid.UUID(int=1), uuid.UUID(int=2)
NOW = datetime(2026, 5, 12, tzinfo=UTC)
RECORD = Resolution(ID, STORE, K.GIFT_CARD, {"en": Wording("Card"), "de": Wording("Karte")}, 1, NOW)


def refusal(
    texts: dict[str, Wording], kind: ResolutionKind = K.GIFT_CARD, integration: str | None = None
) -> tuple[str, str]:
    """Return the code and field of what is refused; empty texts if nothing is."""
    try:
        check(kind=kind, texts=texts, integration=integration, default_language="en")
    except Refused as no:
        return no.code, no.field or ""
    return "", ""


def test_a_name_in_the_stores_language_is_enough() -> None:
    assert refusal({"en": Wording("Gift card")}) == ("", "")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({}, ("name_missing", "texts.en.name")),
        ({"de": Wording("Karte")}, ("name_missing", "texts.en.name")),
        ({"en": Wording("  ")}, ("name_missing", "texts.en.name")),
        ({"en": Wording("Card"), "de": Wording("", "nur Text")}, ("name_missing", "texts.de.name")),
        ({"en": Wording("Card"), "fr": Wording("Carte")}, ("unknown_language", "texts")),
        ({"en": Wording("x" * 81)}, ("invalid_text", "texts.en.name")),
        ({"en": Wording("Card", "x" * 301)}, ("invalid_text", "texts.en.description")),
        ({"en": Wording("Ca\u202erd")}, ("invalid_text", "texts.en.name")),
    ],
)
def test_what_cannot_be_shown_is_refused_at_its_field(texts: dict[str, Wording], expected: tuple[str, str]) -> None:
    assert expected == refusal(texts)


def test_a_refund_service_is_named_and_nothing_else_is() -> None:
    said = {"en": Wording("Credit")}

    assert refusal(said, K.REFUND_SERVICE, "Rise") == ("", "")
    assert refusal(said, K.REFUND_SERVICE, None) == ("integration_missing", "integration")
    assert refusal(said, K.REFUND_SERVICE, " ") == ("integration_missing", "integration")
    assert refusal(said, K.REFUND_SERVICE, "x" * 201) == ("invalid_text", "integration")
    assert refusal(said, K.GIFT_CARD, "Rise") == ("integration_not_wanted", "integration")


def test_words_are_told_in_the_readers_language_else_the_stores_else_any() -> None:
    assert RECORD.wording("de", "en").name == "Karte"
    assert RECORD.wording("ar", "de").name == "Karte"
    assert RECORD.wording("ar", "fr").name == "Card"


def test_words_of_a_record_that_is_not_kept_are_none() -> None:
    archived = {str(ID): replace(RECORD, archived_at=NOW)}

    assert wording_of(archived, str(ID), language="de", default="en") == Wording("Karte")
    assert wording_of(archived, str(STORE), language="de", default="en") is None
    assert wording_of(archived, None, language="de", default="en") is None


def offering(*offers: ResolutionOffer) -> PolicyDocument:
    """Return a policy whose only rule offers these, and whose defaults offer a gift card of record 1."""
    document = template()
    defaults = replace(document.defaults, resolutions=Resolutions((ResolutionOffer(K.GIFT_CARD, str(ID)),)))
    rules = (
        Rule("r1", "Silent", Outcomes()),
        Rule("r2", "Regulars", Outcomes(resolutions=Resolutions(offers))),
    )
    return replace(document, defaults=defaults, rules=rules)


def test_a_policy_names_records_in_its_rules_and_its_defaults() -> None:
    document = offering(ResolutionOffer(K.REFUND_ORIGINAL), ResolutionOffer(K.STORE_CREDIT, "abc"))

    assert [
        Named("Regulars", "rules[1].then.resolutions.offered[1].ref", K.STORE_CREDIT, "abc"),
        Named(None, "defaults.resolutions.offered[0].ref", K.GIFT_CARD, str(ID)),
    ] == list(named_in(document))


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (None, "there is no such resolution in this store"),
        (replace(RECORD, archived_at=NOW), "that resolution is archived"),
        (replace(RECORD, kind=K.STORE_CREDIT), "that resolution is a store_credit, the offer a gift_card"),
    ],
)
def test_a_record_that_cannot_be_offered_is_refused_with_its_rule(record: Resolution | None, said: str) -> None:
    named = Named("Regulars", "rules[0].then", K.GIFT_CARD, str(ID))

    with pytest.raises(Refused) as no:
        check_named(named, {} if record is None else {str(ID): record})

    assert ("resolution_not_usable", said, "rules[0].then") == (no.value.code, no.value.message, no.value.field)
    assert no.value.facts == {"rule": "Regulars", "ref": str(ID)}


def test_a_record_of_the_same_kind_may_be_named() -> None:
    check_named(Named(None, "defaults", K.GIFT_CARD, str(ID)), {str(ID): RECORD})
