"""What is wrong with a policy that is well-formed, in words, each with an order that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.policy import PolicyDocument, decode
from retour.core.policy.condition import facts_asked
from retour.core.policy.conflicts import Finding, FindingKind, Severity
from retour.core.policy.document import Compare, Expression, Rule
from retour.core.policy.encoding import encode_value
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.policy.fact_words import comparison, fact_name
from retour.doors.dashboard.policy.outcome_forms import GROUPS, METHODS, RESOLUTIONS
from retour.doors.dashboard.policy.room import ROOT, Opened, opened, show_version
from retour.doors.dashboard.policy.values import told_one, told_value
from retour.doors.dashboard.route import page
from retour.flows import policy_review as flow
from retour.store.db import Db


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


TITLES: Final[Mapping[FindingKind, str]] = {
    FindingKind.NEVER_MATCHES: _("No order can fit “%(rule)s”"),
    FindingKind.SHADOWED: _("“%(rule)s” never decides anything"),
    FindingKind.CONTRADICTION: _("“%(rule)s” and “%(other)s” want different things"),
    FindingKind.NO_EFFECT: _("Without “%(rule)s” the same would hold"),
    FindingKind.UNREACHABLE_OFFER: _("Nobody can get what “%(rule)s” offers"),
    FindingKind.UNKNOWN_REFERENCE: _("“%(rule)s” names something that is not there"),
    FindingKind.NOT_JUDGED: _("Not everything could be judged"),
}
TEXTS: Final[Mapping[FindingKind, str]] = {
    FindingKind.NEVER_MATCHES: _("Its conditions exclude each other."),
    FindingKind.SHADOWED: _("Whatever fits it is decided before, by %(others)s."),
    FindingKind.CONTRADICTION: _(
        "The same item can fit both; which one stands first decides. It is about: %(groups)s."
    ),
    FindingKind.NO_EFFECT: _("What it says is what comes out anyway. It is about: %(groups)s."),
    FindingKind.UNREACHABLE_OFFER: _("No item that may come back is offered %(subject)s."),
    FindingKind.UNKNOWN_REFERENCE: _("There is no %(subject)s in this store."),
    FindingKind.NOT_JUDGED: _("These rules have too many cases to tell: %(others)s."),
}
SEVERITIES: Final[Mapping[Severity, tuple[str, str, str]]] = {
    Severity.ERROR: (_("Surely a mistake"), "stopped", "stopped"),
    Severity.WARNING: (_("Worth a look"), "half", "you"),
    Severity.NOTE: (_("Good to know"), "empty", "quiet"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One finding in words: links to its rules, the conditions that clash, and the facts of an example order."""

    severity: str
    fill: str
    tone: str
    title: str
    text: str
    rules: tuple[tuple[str, str], ...]  # id, name
    conditions: tuple[str, ...]
    example: tuple[tuple[str, str], ...]


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handler of the findings."""
    return [page(desk, f"{ROOT}/{{number:str}}/conflicts", _conflicts_page)]


async def _conflicts_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await opened(db, seen)
        found = await findings(db, seen, here)
    return await show_version(seen, here, "conflicts", tab="conflicts", found=found)


async def findings(db: Db, seen: Visit, here: Opened) -> list[Shown]:
    """Return what is wrong with a version, the worst first."""
    document = decode(here.document)
    found = await flow.check_policy(db, store_id=here.store.id, document=document, now=seen.now)
    return [_shown(here, document, one) for one in found]


def _shown(here: Opened, document: PolicyDocument, found: Finding) -> Shown:
    reader = here.teller.reader
    rules = {rule.id: rule for rule in document.rules}
    names = [_name(here, rules, rule_id) for rule_id in found.rules]
    values = {
        "rule": names[0] if names else "",
        "other": names[1] if len(names) > 1 else "",
        "others": ", ".join(names if found.kind is FindingKind.NOT_JUDGED else names[1:]) or reader.say("other rules"),
        "groups": ", ".join(reader.say(GROUPS[group.value]) for group in found.groups),
        "subject": _subject(here, found.subject),
    }
    severity, fill, tone = SEVERITIES[found.severity]
    conditions = [_condition(here, one) for one in found.conditions]
    return Shown(
        reader.say(severity), fill, tone, reader.say(TITLES[found.kind], **values), reader.say(TEXTS[found.kind], **values),
        tuple((rule_id, rules[rule_id].name) for rule_id in found.rules if rule_id in rules),
        tuple(conditions), _example(here, rules, found),
    )  # fmt: skip


def _condition(here: Opened, one: Compare | Expression) -> str:
    if isinstance(one, Expression):
        return one.text
    reader = here.teller.reader
    told = told_value(one.fact, one.op, encode_value(one.value), reader, currency=here.currency)
    return comparison(one.fact, one.op, one.value, told, reader)


def _name(here: Opened, rules: Mapping[str, Rule], rule_id: str) -> str:
    if rule_id in rules:
        return rules[rule_id].name
    return here.teller.reader.say("Otherwise") if rule_id == "default" else here.teller.reader.say("The law")


def _subject(here: Opened, subject: str | None) -> str:
    words = {**dict(METHODS), **dict(RESOLUTIONS)}
    if subject in words:
        return here.teller.reader.say("“%(text)s”", text=here.teller.reader.say(words[subject]))
    return here.teller.records.get(subject or "", subject or "")


def _example(here: Opened, rules: Mapping[str, Rule], found: Finding) -> tuple[tuple[str, str], ...]:
    """Return the facts of the example that its rules ask about, in words."""
    if found.example is None:
        return ()
    reader = here.teller.reader
    asked = dict.fromkeys(
        name for rule_id in found.rules if rule_id in rules for name in facts_asked(rules[rule_id].when)
    )
    rows = []
    for name in asked:
        plain = encode_value(found.example.values.get(name))
        items = plain if isinstance(plain, list) else [plain]
        told = ", ".join(told_one(name, item, reader, currency=here.currency) for item in items if item is not None)
        label = fact_name(name, reader)
        rows.append((label[:1].upper() + label[1:], told or reader.say("none")))
    return tuple(rows)
