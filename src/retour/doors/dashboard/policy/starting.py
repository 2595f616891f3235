"""What a draft may begin with: the version in force, a template with its description, or a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from retour.flows.policy import TEMPLATES
from retour.web.reader import Reader


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# Title and description of each template by its name; one without words shows the name of its document.
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "standard": (
        _("30 days, reviewed by hand"),
        _("Returns within 30 days of delivery, refunded after inspection. A person decides each request."),
    ),
    "standard-automatic": (
        _("30 days, approved automatically"),
        _("Returns within 30 days of delivery, refunded after inspection. What fits is approved at once."),
    ),
}


@dataclass(frozen=True, slots=True)
class Beginning:
    """One way to begin, as a choice card."""

    value: str
    title: str
    text: str
    amount: None = None
    gain: None = None


def options(reader: Reader, in_force: int | None) -> list[Beginning]:
    """Return the ways to begin a draft; the version in force is the first, where there is one."""
    found = []
    if in_force is not None:
        title = reader.say("Version %(n)s, as it is in force", n=reader.number(in_force))
        found.append(Beginning("version", title, reader.say("Change what you have.")))
    for name, document in TEMPLATES.items():
        title, text = WORDS.get(name, (document.name, ""))
        found.append(Beginning(f"template:{name}", reader.say(title), reader.say(text) if text else ""))
    found.append(Beginning("import", reader.say("A file"), reader.say("A policy that was exported as JSON.")))
    return found
