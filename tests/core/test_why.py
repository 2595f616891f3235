"""Reasons in two levels: which are offered for an article, what they ask, and what may be kept."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.order import Product
from retour.core.policy.outcome import AnswerKind, Question, Requirements
from retour.core.why import (
    Applies,
    Ask,
    AskKind,
    Choice,
    Level,
    Reason,
    Standard,
    asked,
    check,
    choosable,
    merged,
    offered,
    photo_words,
    requirements,
)

STORE = UUID(int=99)
SHOES = Applies(types=("Shoes",), tags=("summer",), collections=("sale",))


def a_reason(n: int, code: str, **more: Any) -> Reason:
    said = {"standard_group": Standard.FIT, "texts": {"en": code.title()}, "position": n}
    return Reason(UUID(int=n), STORE, code, created_at=datetime(2026, 1, 1, tzinfo=UTC), **{**said, **more})


FIT = a_reason(1, "fit")
SMALL = a_reason(2, "small", parent_id=FIT.id)
NARROW = a_reason(3, "narrow", parent_id=FIT.id, applies=SHOES)
OTHER = a_reason(4, "other")
SIZE = Ask("size", AskKind.CHOICE, {"en": "Which size?", "de": "Welche Größe?"}, (
    Choice("m", {"en": "Medium"}), Choice("l", {"en": "Large"})))  # fmt: skip
PROOF = Ask("proof", AskKind.PHOTO, {"en": "The sole"})


def codes(records: Sequence[Reason], product: Product = Product()) -> list[str]:  # noqa: B008 - a value
    return [one.code for one in choosable(offered(records, product))]


def test_a_group_is_offered_with_what_fits_and_one_without_reasons_is_one_itself() -> None:
    records = [FIT, SMALL, NARROW, OTHER]

    assert list(offered(records, Product())) == [Level(FIT, (SMALL,)), Level(OTHER, ())]
    assert codes(records) == ["small", "other"]
    assert codes(records, Product(type="shoes")) == ["small", "narrow", "other"]


def test_a_group_in_which_nothing_fits_and_what_is_archived_are_not_offered() -> None:
    archived = datetime(2026, 2, 1, tzinfo=UTC)

    assert codes([FIT, NARROW, OTHER]) == ["other"]
    assert codes([FIT, replace(SMALL, archived_at=archived), OTHER]) == ["fit", "other"]
    assert codes([replace(FIT, archived_at=archived), SMALL, OTHER]) == ["other"]
    assert codes([replace(FIT, applies=SHOES), SMALL, OTHER]) == ["other"]


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        (Product(type="SHOES"), True),
        (Product(tags=("Summer", "new")), True),
        (Product(collections=("sale",)), True),
        (Product(type="Shirts", tags=("winter",), collections=("new",)), False),
        (Product(), False),
    ],
)
def test_a_reason_is_for_any_of_the_articles_it_names(product: Product, expected: bool) -> None:
    assert SHOES.to(product) is expected


def test_a_reason_is_called_as_the_reader_speaks_else_as_the_store_does() -> None:
    one = replace(SMALL, texts={"en": "Small", "de": "Klein"})

    assert [one.name(*languages) for languages in (("de", "en"), ("ar", "de"), ("ar", "ar"))] == [
        "Klein", "Klein", "Small",
    ]  # fmt: skip


def test_questions_of_group_and_reason_are_asked_once_and_a_photo_is_counted() -> None:
    group = replace(FIT, questions=(SIZE, replace(SIZE, id="worn", kind=AskKind.YES_NO, choices=(), required=False)))
    mine = replace(
        SMALL, questions=(replace(SIZE, texts={"en": "Which one?"}), PROOF, replace(PROOF, required=False, id="p"))
    )

    both = asked(mine, group)

    assert [one.id for one in both] == ["size", "worn", "proof", "p"]
    assert [one.id for one in asked(mine, None)] == ["size", "proof", "p"]
    assert requirements(both, note=True, language="de") == Requirements(
        1, True, (Question("size", "Which one?", AnswerKind.CHOICE, ("m", "l")),
                  Question("worn", "Welche Größe?", AnswerKind.YES_NO, (), False)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "language", "expected"),
    [
        ("small", "en", "The box The sole"),
        ("small", "de", "Der Karton The sole"),
        ("other", "en", ""),
        ("nobody", "en", ""),
    ],
)
def test_what_photos_are_wanted_for_is_said_in_the_merchants_words(code: str, language: str, expected: str) -> None:
    group = replace(FIT, questions=(Ask("box", AskKind.PHOTO, {"en": "The box", "de": "Der Karton"}), SIZE))
    records = (group, replace(SMALL, questions=(PROOF,)), OTHER)

    assert photo_words(records, code, language, "en") == expected


def test_policy_and_reason_want_together_what_each_wants_once() -> None:
    policy = Requirements(1, False, (Question("size", "Say the size"),))
    own = Requirements(2, True, (Question("size", "Which size?"), Question("worn", "Worn?")))

    assert merged(policy, own) == Requirements(2, True, (Question("size", "Say the size"), Question("worn", "Worn?")))
    assert merged(policy, Requirements()) == policy


def refusal(
    record: Reason, parent: Reason | None = None, *, has_reasons: bool = False
) -> tuple[str, str | None] | None:
    try:
        check(record, parent, default_language="en", has_reasons=has_reasons)
    except Refused as refused:
        return refused.code, refused.field
    return None


def test_what_is_said_in_order_may_be_kept() -> None:
    whole = replace(NARROW, questions=(SIZE, PROOF), platform_reason="SIZE_TOO_SMALL", note_required=True)

    assert refusal(whole, FIT) is None
    assert refusal(FIT, has_reasons=True) is None
    assert (SMALL.active, SMALL.version) == (True, 1)


LONG = "x" * 300


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (replace(OTHER, code="Too Small"), ("invalid_code", "code")),
        (replace(OTHER, texts={"fr": "Autre"}), ("unknown_language", "texts")),
        (replace(OTHER, texts={"de": "Anderes"}), ("name_missing", "texts.en")),
        (replace(OTHER, texts={"en": " "}), ("name_missing", "texts.en")),
        (replace(OTHER, texts={"en": LONG}), ("invalid_text", "texts.en")),
        (replace(OTHER, texts={"en": "a\u202eb"}), ("invalid_text", "texts.en")),
        (replace(OTHER, applies=Applies(tags=("a",) * 51)), ("too_many", "applies.tags")),
        (replace(OTHER, applies=Applies(types=("",))), ("name_missing", "applies.types")),
        (replace(OTHER, platform_reason=LONG), ("invalid_text", "platform_reason")),
        (replace(OTHER, questions=(SIZE,) * 11), ("too_many", "questions")),
        (replace(OTHER, questions=(PROOF,) * 6), ("too_many", "questions")),
        (replace(OTHER, questions=(SIZE, SIZE)), ("invalid_question", "questions[1].id")),
        (replace(OTHER, questions=(replace(SIZE, id="A"),)), ("invalid_question", "questions[0].id")),
        (replace(OTHER, questions=(replace(SIZE, texts={}),)), ("name_missing", "questions[0].texts.en")),
        (replace(OTHER, questions=(replace(SIZE, choices=()),)), ("invalid_question", "questions[0].choices")),
        (replace(OTHER, questions=(replace(SIZE, choices=SIZE.choices[:1]),)), ("invalid_question", "questions[0].choices")),
        (replace(OTHER, questions=(replace(PROOF, choices=SIZE.choices),)), ("invalid_question", "questions[0].choices")),
        (replace(OTHER, questions=(replace(SIZE, choices=SIZE.choices * 2),)), ("invalid_question", "questions[0].choices")),
        (
            replace(OTHER, questions=(replace(SIZE, choices=tuple(Choice(str(n), {"en": "x"}) for n in range(31))),)),
            ("too_many", "questions[0].choices"),
        ),
        (
            replace(OTHER, questions=(replace(SIZE, choices=(Choice("", {"en": "x"}), *SIZE.choices)),)),
            ("name_missing", "questions[0].choices[0].value"),
        ),
        (
            replace(OTHER, questions=(replace(SIZE, choices=(Choice("s", {}), *SIZE.choices)),)),
            ("name_missing", "questions[0].choices[0].texts.en"),
        ),
    ],
)  # fmt: skip
def test_what_may_not_be_kept_is_refused_at_its_field(record: Reason, expected: tuple[str, str]) -> None:
    assert refusal(record) == expected


@pytest.mark.parametrize(
    ("parent", "has_reasons"),
    [
        (None, False),
        (replace(FIT, store_id=UUID(int=98)), False),
        (replace(FIT, parent_id=UUID(int=7)), False),
        (replace(FIT, archived_at=datetime(2026, 2, 1, tzinfo=UTC)), False),
        (FIT, True),
        (SMALL, False),
    ],
)
def test_a_reason_is_in_a_living_group_of_its_store_and_never_deeper(parent: Reason | None, has_reasons: bool) -> None:
    record = replace(SMALL, parent_id=parent.id if parent else UUID(int=5))

    assert refusal(record, parent, has_reasons=has_reasons) == ("parent_not_usable", "parent_id")
    if parent is FIT:
        assert refusal(replace(FIT, parent_id=FIT.id), FIT) == ("parent_not_usable", "parent_id")
