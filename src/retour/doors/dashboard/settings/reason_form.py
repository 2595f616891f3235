"""The form of a reason: what is typed as a reason says it, and back again; answers to choose stand one to a line."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.why import QUESTIONS_MOST, Applies, Ask, AskKind, Choice, Reason, Standard
from retour.flows.why import Said
from retour.web.forms import Form
from retour.web.texts import LANGUAGES

WORDS: Final = ("types", "tags", "collections")
_PLAIN: Final = ("code", "parent", "standard", "platform", "note", *WORDS)
_WHERE: Final = re.compile(r"questions\[([0-9]+)\]\.?(.*)")


def slug(text: str, most: int) -> str:
    """Return a text as a code: Latin letters and digits in lower case, joined by underscores; empty if it has none."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:most].strip("_")


def said_of(sent: Form, default: str) -> Said:
    """Return what was typed; a question without a kind is none."""
    standard, parent = sent.text("standard"), sent.text("parent")
    return Said(
        texts={tag: sent.text(f"name-{tag}") for tag in LANGUAGES},
        standard_group=Standard(standard) if standard in set(Standard) else Standard.OTHER,
        parent_id=_uuid(parent),
        applies=Applies(*(tuple(_split(sent.text(name))) for name in WORDS)),
        questions=_questions(sent, default),
        note_required=sent.checked("note"),
        platform_reason=sent.text("platform") or None,
    )


def _questions(sent: Form, default: str) -> tuple[Ask, ...]:
    found: list[Ask] = []
    for n in range(QUESTIONS_MOST):
        kind = sent.text(f"ask-{n}-kind")
        if kind not in set(AskKind):
            continue
        texts = {tag: sent.text(f"ask-{n}-text-{tag}") for tag in LANGUAGES}
        name = sent.text(f"ask-{n}-id") or slug(texts[default], 40) or f"question-{n + 1}"
        if not sent.text(f"ask-{n}-id") and name in {one.id for one in found}:
            name = f"{name[:36]}-{n + 1}"
        choices = _choices(sent, n, default) if kind == AskKind.CHOICE else ()
        found.append(Ask(name, AskKind(kind), texts, choices, sent.checked(f"ask-{n}-required")))
    return tuple(found)


def _choices(sent: Form, n: int, default: str) -> tuple[Choice, ...]:
    """Return the answers that stand one to a line in each language; the store's own language names their values."""
    lines = {tag: [line.strip() for line in sent.text(f"ask-{n}-choices-{tag}").splitlines()] for tag in LANGUAGES}
    found = []
    for at, text in enumerate(lines[default]):
        if text:
            texts = {tag: said[at] for tag, said in lines.items() if at < len(said) and said[at]}
            found.append(Choice(slug(text, 60) or f"answer-{at + 1}", texts))
    return tuple(found)


def fields_of(record: Reason) -> dict[str, list[str]]:
    """Return a record as the fields of its form."""
    fields = {
        "code": record.code, "parent": str(record.parent_id or ""), "standard": record.standard_group.value,
        "platform": record.platform_reason or "", "note": "1" if record.note_required else "",
        **{name: ", ".join(getattr(record.applies, name)) for name in WORDS},
        **{f"name-{tag}": text for tag, text in record.texts.items()},
    }  # fmt: skip
    for n, one in enumerate(record.questions):
        at = f"ask-{n}"
        fields |= {f"{at}-id": one.id, f"{at}-kind": one.kind.value, f"{at}-required": "1" if one.required else ""}
        for tag in LANGUAGES:
            fields[f"{at}-text-{tag}"] = one.texts.get(tag, "")
            fields[f"{at}-choices-{tag}"] = "\n".join(choice.texts.get(tag, "") for choice in one.choices).rstrip()
    return {name: [text] for name, text in fields.items() if text}


def typed_of(sent: Form) -> Mapping[str, str]:
    """Return the plain fields as they were typed."""
    return {name: sent.text(name) for name in (*_PLAIN, *(f"name-{tag}" for tag in LANGUAGES))}


def questions_of(sent: Form) -> Sequence[Mapping[str, Any]]:
    """Return the questions as they were typed, and one empty place for another."""
    kinds = [n for n in range(QUESTIONS_MOST) if sent.text(f"ask-{n}-kind")]
    shown = [*kinds, next((n for n in range(QUESTIONS_MOST) if n not in kinds), QUESTIONS_MOST)]
    return [
        {
            "n": n, "id": sent.text(f"ask-{n}-id"), "kind": sent.text(f"ask-{n}-kind"),
            "required": sent.checked(f"ask-{n}-required") or n not in kinds,
            "texts": {tag: sent.text(f"ask-{n}-text-{tag}") for tag in LANGUAGES},
            "choices": {tag: sent.text(f"ask-{n}-choices-{tag}") for tag in LANGUAGES},
        }
        for n in shown if n < QUESTIONS_MOST
    ]  # fmt: skip


def field_of(refused: Refused, sent: Form) -> str:
    """Return the field of the form that a refusal is about; what is said of a question stands where it was typed."""
    where = refused.field or "code"
    match = _WHERE.fullmatch(where)
    if match:
        typed = [n for n in range(QUESTIONS_MOST) if sent.text(f"ask-{n}-kind") in set(AskKind)]
        part = "choices" if match[2].startswith("choices") else "text" if match[2].startswith("texts") else "kind"
        language = next((f"-{tag}" for tag in LANGUAGES if where.endswith(f".{tag}")), "-en")
        return f"ask-{typed[int(match[1])]}-{part}{language if part != 'kind' else ''}"
    if where.startswith("texts."):
        return f"name-{where.partition('.')[2]}"
    return {"parent_id": "parent", "platform_reason": "platform"}.get(where, where.removeprefix("applies."))


def _split(text: str) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in re.split(r"[,\n]", text) if word.strip()))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
