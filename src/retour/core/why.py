"""Why something goes back, as a merchant's own records in two levels: a group holds reasons, or is one itself."""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from retour.core.errors import Refused
from retour.core.look import LANGUAGES
from retour.core.order import Product
from retour.core.policy.outcome import AnswerKind, Question, Requirements

NAME_MOST: Final = 80  # characters
QUESTION_MOST: Final = 200
STORE_MOST: Final = 200  # records of one store that are not archived
QUESTIONS_MOST: Final = 10
CHOICES_MOST: Final = 30
WORDS_MOST: Final = 50  # types, tags or collections of one record
WORD_MOST: Final = 100
PHOTOS_MOST: Final = 5
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

Texts = Mapping[str, str]


class Standard(StrEnum):
    """What a reason is about, whatever it is called: what figures and rules of every store can compare."""

    FIT = "fit"
    QUALITY = "quality"
    MISTAKE = "mistake"
    PREFERENCE = "preference"
    OTHER = "other"


class AskKind(StrEnum):
    """How a follow-up question is answered: with words, a choice, a whole number, yes or no, or a photo."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    YES_NO = "yes_no"
    PHOTO = "photo"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose: what is kept, and what the shopper reads in each language."""

    value: str
    texts: Texts


@dataclass(frozen=True, slots=True)
class Ask:
    """One follow-up question in the merchant's words."""

    id: str
    kind: AskKind
    texts: Texts
    choices: tuple[Choice, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Applies:
    """Which articles a reason is for: any of these types, tags or collections; nothing named means all articles."""

    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()

    def to(self, product: Product) -> bool:
        """Return whether an article is one of them, whatever the case of the letters."""
        if not (self.types or self.tags or self.collections):
            return True
        return (
            _meets(self.types, (product.type,) if product.type else ())
            or _meets(self.tags, product.tags)
            or _meets(self.collections, product.collections or ())
        )


EVERYTHING: Final = Applies()


@dataclass(frozen=True, slots=True)
class Reason:
    """One record; `parent_id` names its group, `platform_reason` what the platform calls it: a fixed reason or a handle."""

    id: uuid.UUID
    store_id: uuid.UUID
    code: str
    standard_group: Standard
    texts: Texts
    position: int
    created_at: datetime
    parent_id: uuid.UUID | None = None
    applies: Applies = EVERYTHING
    questions: tuple[Ask, ...] = ()
    note_required: bool = False
    platform_reason: str | None = None
    version: int = 1
    archived_at: datetime | None = field(default=None)

    @property
    def active(self) -> bool:
        """Return whether shoppers may give it."""
        return self.archived_at is None

    def name(self, language: str, default: str) -> str:
        """Return what it is called in a language, else in the store's own, else in whichever there is."""
        return said(self.texts, language, default)


@dataclass(frozen=True, slots=True)
class Level:
    """A group as it is offered: with the reasons in it, or none where it is the reason itself."""

    group: Reason
    reasons: tuple[Reason, ...]


NOTHING: Final = Requirements()


@dataclass(frozen=True, slots=True)
class Given:
    """What a reason that was given stands for: its standard group, and what it wants to know beside the policy."""

    code: str
    standard_group: str
    wanted: Requirements = NOTHING


def said(texts: Texts, language: str, default: str) -> str:
    """Return a text in a language, else in the store's own, else in whichever there is."""
    return texts.get(language) or texts.get(default) or next(iter(texts.values()))


def offered(records: Sequence[Reason], product: Product) -> Iterator[Level]:
    """Yield the groups that are offered for an article, in the merchant's order.

    A group with reasons of its own is offered with those that fit, and not at all if none does.
    """
    for group in records:
        if group.parent_id is not None or not group.active or not group.applies.to(product):
            continue
        inside = [one for one in records if one.parent_id == group.id and one.active]
        fitting = tuple(one for one in inside if one.applies.to(product))
        if fitting or not inside:
            yield Level(group, fitting)


def choosable(levels: Iterable[Level]) -> Iterator[Reason]:
    """Yield the reasons that may be given."""
    for level in levels:
        yield from level.reasons or (level.group,)


def asked(reason: Reason, parent: Reason | None) -> tuple[Ask, ...]:
    """Return the questions of a reason, those of its group first; one of both is asked once."""
    found = {one.id: one for one in (*(parent.questions if parent else ()), *reason.questions)}
    return tuple(found.values())


def photo_words(records: Sequence[Reason], code: str, language: str, default: str) -> str:
    """Return what a reason wants photos for, in the merchant's words; nothing where it asks for none."""
    reason = next((one for one in records if one.code == code), None)
    if reason is None:
        return ""
    parent = next((one for one in records if one.id == reason.parent_id), None)
    return " ".join(said(one.texts, language, default) for one in asked(reason, parent) if one.kind is AskKind.PHOTO)


def requirements(questions: Sequence[Ask], *, note: bool, language: str) -> Requirements:
    """Return what is wanted as the policy would say it; a demanded photo is one more photo of the line."""
    photos = sum(one.kind is AskKind.PHOTO and one.required for one in questions)
    return Requirements(
        photos,
        note,
        tuple(
            Question(
                one.id, said(one.texts, language, language), AnswerKind(one.kind.value),
                tuple(choice.value for choice in one.choices), one.required,
            )
            for one in questions if one.kind is not AskKind.PHOTO
        ),
    )  # fmt: skip


def merged(policy: Requirements, own: Requirements) -> Requirements:
    """Return what policy and reason want together: the greater count of photos, each question once, the policy's first."""
    known = {one.id for one in policy.questions}
    more = tuple(one for one in own.questions if one.id not in known)
    return Requirements(max(policy.photos, own.photos), policy.note or own.note, (*policy.questions, *more))


# --- what may be kept ----------------------------------------------------------------------------------------------------


def check(record: Reason, parent: Reason | None, *, default_language: str, has_reasons: bool) -> None:
    """Raise Refused unless a record may be kept, with the field: `unknown_language`, `name_missing`, `invalid_text`,
    `invalid_code`, `too_many`, `invalid_question`, `parent_not_usable`."""
    _check_texts(record.texts, NAME_MOST, default_language, "texts")
    if not _CODE.fullmatch(record.code):
        raise Refused("invalid_code", "a code has lower-case letters, digits, - and _, 64 at most", field="code")
    _check_parent(record, parent, has_reasons=has_reasons)
    for name in ("types", "tags", "collections"):
        words: tuple[str, ...] = getattr(record.applies, name)
        if len(words) > WORDS_MOST:
            raise Refused("too_many", f"at most {WORDS_MOST}", field=f"applies.{name}")
        for word in words:
            _check_text(word, WORD_MOST, f"applies.{name}")
    if record.platform_reason is not None:
        _check_text(record.platform_reason, WORD_MOST, "platform_reason")
    if len(record.questions) > QUESTIONS_MOST:
        raise Refused("too_many", f"at most {QUESTIONS_MOST} questions", field="questions")
    if sum(one.kind is AskKind.PHOTO for one in record.questions) > PHOTOS_MOST:
        raise Refused("too_many", f"at most {PHOTOS_MOST} photos", field="questions")
    for n, one in enumerate(record.questions):
        _check_question(one, record.questions[:n], default_language, f"questions[{n}]")


def _check_parent(record: Reason, parent: Reason | None, *, has_reasons: bool) -> None:
    if record.parent_id is None:
        return
    if parent is None or parent.store_id != record.store_id or parent.parent_id is not None or not parent.active:
        raise Refused("parent_not_usable", "a group of the same store is needed", field="parent_id")
    if has_reasons or parent.id == record.id:
        raise Refused("parent_not_usable", "a group with reasons of its own is in no group", field="parent_id")


def _check_question(one: Ask, before: Sequence[Ask], default_language: str, where: str) -> None:
    if not _ID.fullmatch(one.id):
        raise Refused(
            "invalid_question", "an id has lower-case letters, digits, - and _, 40 at most", field=f"{where}.id"
        )
    if one.id in {known.id for known in before}:
        raise Refused("invalid_question", "that question is asked already", field=f"{where}.id")
    _check_texts(one.texts, QUESTION_MOST, default_language, f"{where}.texts")
    if (one.kind is AskKind.CHOICE) != bool(one.choices) or len(one.choices) == 1:
        raise Refused(
            "invalid_question", "a choice has two answers at least, another question none", field=f"{where}.choices"
        )
    if len(one.choices) > CHOICES_MOST:
        raise Refused("too_many", f"at most {CHOICES_MOST} answers", field=f"{where}.choices")
    if len({choice.value for choice in one.choices}) < len(one.choices):
        raise Refused("invalid_question", "an answer stands there twice", field=f"{where}.choices")
    for n, choice in enumerate(one.choices):
        _check_text(choice.value, WORD_MOST, f"{where}.choices[{n}].value")
        _check_texts(choice.texts, NAME_MOST, default_language, f"{where}.choices[{n}].texts")


def _check_texts(texts: Texts, most: int, default_language: str, where: str) -> None:
    if set(texts) - set(LANGUAGES):
        raise Refused("unknown_language", "the portal does not speak that language", field=where)
    if default_language not in texts:
        raise Refused("name_missing", f"a text in {default_language} is needed", field=f"{where}.{default_language}")
    for language, text in texts.items():
        _check_text(text, most, f"{where}.{language}")


def _check_text(text: str, most: int, where: str) -> None:
    if not text.strip():
        raise Refused("name_missing", "a text is needed", field=where)
    if len(text) > most or _CONTROLS.search(text):
        raise Refused("invalid_text", f"at most {most} characters, none of them invisible", field=where)


def _meets(wanted: Iterable[str], there: Iterable[str]) -> bool:
    known = {word.casefold() for word in there}
    return any(word.casefold() in known for word in wanted)
