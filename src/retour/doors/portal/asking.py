"""What the policy wants to know about each chosen item, as fields of the page that asks why it goes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from retour.core.answers import ANSWER_MOST, missing
from retour.core.policy.outcome import AnswerKind, Question, Requirements
from retour.doors.portal.choices import OwnAsk
from retour.doors.portal.draft import Draft, DraftLine, key_of
from retour.flows.rma import Considered, Judged
from retour.web.forms import Form, FormErrors
from retour.web.reader import Reader


@dataclass(frozen=True, slots=True)
class Field:
    """One question as a field; `options` where it is answered by choosing."""

    name: str
    text: str
    kind: str
    options: Sequence[tuple[str, str]]
    value: str
    required: bool


def wanted_of(draft: Draft, order: Considered, judged: Judged | None) -> Mapping[str, Requirements]:
    """Return what is wanted of each chosen line by its ref, as far as the policy can tell by now."""
    if judged is not None:
        return {line.line_ref: said for line, said in zip(judged.lines, judged.wanted, strict=True)}
    return {one.line.ref: one.decision.requirements.outcome for one in order.lines if one.line.ref in draft.lines}


def fields_of(
    draft: Draft, wanted: Mapping[str, Requirements], reader: Reader, *, own: Mapping[str, Sequence[OwnAsk]]
) -> Mapping[str, Sequence[Field]]:
    """Return the fields of each chosen line by its key; `own` has the words of what a reason asks."""
    return {
        key_of(ref): [
            _field(ref, question, line, reader, {one.id: one for one in own.get(ref, ())})
            for question in wanted[ref].questions
        ]
        for ref, line in draft.lines.items()
        if ref in wanted
    }


def with_answers(draft: Draft, form: Form, wanted: Mapping[str, Requirements]) -> Draft:
    """Return the draft with what was answered; what nobody asked is not kept."""
    lines = {
        ref: msgspec.structs.replace(
            line,
            answers={
                question.id: said
                for question in (wanted[ref].questions if ref in wanted else ())
                if (said := form.text(_name(ref, question))[: ANSWER_MOST + 1])
            },
        )
        for ref, line in draft.lines.items()
    }
    return msgspec.structs.replace(draft, lines=lines)


def unanswered(
    draft: Draft, wanted: Mapping[str, Requirements], reader: Reader, *, counts: Mapping[str, int]
) -> FormErrors:
    """Return what is still to be said or shown, at its field; `counts` is how many photos each line has, by its ref."""
    errors = FormErrors()
    for ref, line in draft.lines.items():
        needs = wanted.get(ref, Requirements())
        for one in missing(needs, note=line.note, answers=line.answers, field=key_of(ref), photos=counts.get(ref, 0)):
            if one.code == "note_required":
                errors.add(f"note-{key_of(ref)}", reader.say("Say something about this item"))
            elif one.code == "photos_required":
                errors.add(
                    f"photo-{key_of(ref)}",
                    reader.say_plural("Add %(n)s photo of this item", "Add %(n)s photos of this item", needs.photos),
                )
            elif one.field is not None:
                said = reader.say("Answer this question")
                if one.code == "answer_too_long":
                    said = reader.say(
                        "The answer is too long (limit %(most)s characters).", most=reader.number(ANSWER_MOST)
                    )
                errors.add(f"answer-{one.field.replace('.answers.', '-')}", said)
    return errors


def _field(ref: str, question: Question, line: DraftLine, reader: Reader, own: Mapping[str, OwnAsk]) -> Field:
    options: list[tuple[str, str]] = []
    said = own.get(question.id)
    text = said.text if said else question.text
    if question.answer is AnswerKind.CHOICE:
        named = dict(said.choices) if said else {}
        options = [("", ""), *((choice, named.get(choice, choice)) for choice in question.choices)]
    elif question.answer is AnswerKind.YES_NO:
        options = [("", ""), ("yes", reader.say("Yes")), ("no", reader.say("No"))]
    value = line.answers.get(question.id, "")
    return Field(_name(ref, question), text, question.answer.value, options, value, question.required)


def _name(ref: str, question: Question) -> str:
    return f"answer-{key_of(ref)}-{question.id}"
