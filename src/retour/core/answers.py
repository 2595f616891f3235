"""What a policy wants to know about a line, and whether it was answered."""

from collections.abc import Iterator, Mapping
from typing import Final

from retour.core.errors import Objection
from retour.core.policy.outcome import AnswerKind, Question, Requirements

ANSWER_MOST: Final = 2_000  # characters
_YES_NO: Final = ("yes", "no")


def missing(
    wanted: Requirements, *, note: str | None, answers: Mapping[str, str], field: str, photos: int = 0
) -> tuple[Objection, ...]:
    """Return what is missing or wrong in a line's note, answers and count of photos; `field` names the line (`lines[0]`)."""
    found: list[Objection] = []
    if photos < wanted.photos:
        found.append(Objection("photos_required", f"{wanted.photos} photos are wanted", f"{field}.photos"))
    if wanted.note and not (note and note.strip()):
        found.append(Objection("note_required", "say something about the article", f"{field}.note"))
    for question in wanted.questions:
        found += _of_question(question, answers.get(question.id, "").strip(), f"{field}.answers.{question.id}")
    known = {question.id for question in wanted.questions}
    for name in answers:
        if name not in known:
            found.append(Objection("unknown_question", "the policy does not ask that", f"{field}.answers"))
    return tuple(found)


def _of_question(question: Question, answer: str, field: str) -> Iterator[Objection]:
    if not answer:
        if question.required:
            yield Objection("answer_required", question.text, field)
    elif len(answer) > ANSWER_MOST:
        yield Objection("answer_too_long", f"at most {ANSWER_MOST} characters", field)
    elif not _fits(question, answer):
        yield Objection("answer_not_accepted", question.text, field)


def _fits(question: Question, answer: str) -> bool:
    match question.answer:
        case AnswerKind.CHOICE:
            return answer in question.choices
        case AnswerKind.NUMBER:
            return answer.removeprefix("-").isascii() and answer.removeprefix("-").isdigit()
        case AnswerKind.YES_NO:
            return answer in _YES_NO
        case _:
            return True
