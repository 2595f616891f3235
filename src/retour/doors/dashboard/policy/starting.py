"""What a draft may begin with: the version in force, a template with its description, or a file."""

from dataclasses import dataclass
from typing import Final

from retour.core.policy.template import templates
from retour.web.reader import Reader


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# The words of each template, as its own title and description say them in English.
WORDS: Final = (
    _("30 days, reviewed by hand"),
    _("30 days from delivery, refund to the original payment. A person approves every request."),
    _("30 days, approved automatically"),
    _("30 days from delivery, refund to the original payment. Requests are approved at once."),
    _("European Union: 14 days"),
    _("14 days beside the right of withdrawal, two years for claims, standard shipping refunded with the whole order."),
    _("United States: 30 days"),
    _("30 days with a label; store credit is worth a tenth more; requests from abroad wait for a person."),
    _("Final sale"),
    _("Only what is faulty, damaged or wrong comes back, within 14 days and at the shop's cost."),
    _("Electronics with a restocking fee"),
    _("14 days; refunds cost a restocking fee of 15 %, exchanges, credit and faulty articles do not."),
    _("Returns and warranty"),
    _("30 days for returns; claims for two years, with photos: repaired, replaced or refunded."),
)


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
    for one in templates():
        found.append(Beginning(f"template:{one.name}", reader.say(one.title), reader.say(one.description)))
    found.append(Beginning("import", reader.say("A file"), reader.say("A policy that was exported as JSON.")))
    return found
