"""What the form of a return that staff start asks about an item: the shop's own reasons, and what is wanted to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from retour.core.answers import ANSWER_MOST
from retour.core.exchange_order import ARTICLE_MOST
from retour.core.kind import levels_of, own_reasons, usual_reasons
from retour.core.order import OrderLine
from retour.core.policy.outcome import AnswerKind, Question, Requirements, ResolutionKind
from retour.core.why import Reason, offered
from retour.doors.dashboard import words
from retour.doors.dashboard.told import word
from retour.web.forms import Form, FormErrors
from retour.web.reader import Reader

_ASKED: Final = "asked"  # names each question that the form shows, as `line:id`


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the order that may be chosen; `left` units can still come back, before the policy is asked."""

    n: int
    ref: str
    title: str
    sku: str
    left: int
    reasons: tuple[tuple[str, str], ...]  # that may be given for it, as (code, words)


@dataclass(frozen=True, slots=True)
class Field:
    """A question about a line: its name in the form, its text, and the choices where there are some."""

    key: str
    name: str
    text: str
    options: Sequence[tuple[str, str]]
    value: str
    numeric: bool
    required: bool


def reasons_for(
    records: Sequence[Reason], line: OrderLine, reader: Reader, default: str, kind: str = "return"
) -> tuple[tuple[str, str], ...]:
    """Return the reasons of a kind that may be given for a line as (code, words); a shop without any has the usual ones."""
    found = []
    for level in levels_of(kind, offered(records, line.product)):
        group = level.group.name(reader.language, default)
        if not level.reasons:
            found.append((level.group.code, group))
        found += [(one.code, f"{group}: {one.name(reader.language, default)}") for one in level.reasons]
    usual = usual_reasons(kind) or tuple(code for code in words.REASONS if code != "unwanted")
    codes = own_reasons(kind) if found else usual
    return (*found, *((code, word(reader, words.REASONS, code)) for code in codes))


def answers_of(sent: Form, n: int) -> Mapping[str, str]:
    """Return what was answered about the n-th line, by the questions' ids."""
    asked = (text.partition(":") for text in sent.texts(_ASKED)[:500])
    ids = [question for place, _, question in asked if place == str(n) and len(question) <= 100]
    return {name: said for name in ids if (said := sent.text(f"answer-{n}-{name}")[:ANSWER_MOST])}


def article_of(sent: Form, n: int, resolution: str, errors: FormErrors, reader: Reader) -> str | None:
    """Return the new article of the n-th line: chosen from the catalogue, or by its SKU; only what is exchanged has one."""
    picked, typed = sent.text(f"pick-{n}"), sent.text(f"article-{n}")
    said = picked or typed
    if picked and typed:
        errors.add(f"article-{n}", reader.say("One was chosen below too: choose “None of these”, or leave this empty"))
    elif said and resolution != ResolutionKind.EXCHANGE:
        errors.add(f"article-{n}", reader.say("Only what is exchanged has a new article"))
    elif len(said) > ARTICLE_MOST or not said.isprintable():
        errors.add(f"article-{n}", reader.say("This text is too long"))
    return said or None


def fields_of(
    wanted: Sequence[tuple[int, str, Requirements]], sent: Form, reader: Reader
) -> list[tuple[str, list[Field]]]:
    """Return the questions about each line (its number, its title, what is wanted of it) that has any."""
    found = [(title, [_field(n, one, sent, reader) for one in said.questions]) for n, title, said in wanted]
    return [(title, fields) for title, fields in found if fields]


def _field(n: int, question: Question, sent: Form, reader: Reader) -> Field:
    options: list[tuple[str, str]] = []
    if question.answer is AnswerKind.CHOICE:
        options = [("", ""), *((choice, choice) for choice in question.choices)]
    elif question.answer is AnswerKind.YES_NO:
        options = [("", ""), ("yes", reader.say("Yes")), ("no", reader.say("No"))]
    name = f"answer-{n}-{question.id}"
    numeric = question.answer is AnswerKind.NUMBER
    return Field(f"{n}:{question.id}", name, question.text, options, sent.text(name), numeric, question.required)
