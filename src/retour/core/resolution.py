"""Resolutions as a merchant's own records: what the shopper may get instead of the goods, in the merchant's words."""

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from retour.core.errors import Refused
from retour.core.look import LANGUAGES
from retour.core.policy.document import PolicyDocument
from retour.core.policy.outcome import ResolutionKind, Resolutions

NAME_MOST: Final = 80  # characters
DESCRIPTION_MOST: Final = 300
INTEGRATION_MOST: Final = 200
STORE_MOST: Final = 100  # records of one store that are not archived
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Wording:
    """What a resolution is called in one language, and what it means for the shopper."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """One record; `integration` names the service that pays, for a refund service alone; `position` orders the list."""

    id: uuid.UUID
    store_id: uuid.UUID
    kind: ResolutionKind
    texts: Mapping[str, Wording]
    position: int
    created_at: datetime
    integration: str | None = None
    version: int = 1
    archived_at: datetime | None = field(default=None)

    @property
    def active(self) -> bool:
        """Return whether rules may name it."""
        return self.archived_at is None

    def wording(self, language: str, default: str) -> Wording:
        """Return its words in a language, else in the store's own, else in whichever there are."""
        said = self.texts.get(language) or self.texts.get(default)
        return said or next(iter(self.texts.values()))


def wording_of(records: Mapping[str, Resolution], ref: str | None, *, language: str, default: str) -> Wording | None:
    """Return what the merchant says about a resolution (by its ref, archived or not); nothing where nothing is said."""
    record = records.get(ref or "")
    return record.wording(language, default) if record else None


@dataclass(frozen=True, slots=True)
class Named:
    """Where a policy names a record: the rule (nothing for the defaults), the place in the document, kind and ref."""

    rule: str | None
    field: str
    kind: ResolutionKind
    ref: str


def check(
    *, kind: ResolutionKind, texts: Mapping[str, Wording], integration: str | None, default_language: str
) -> None:
    """Raise Refused unless a record may be kept: `unknown_language`, `name_missing`, `invalid_text`, `integration_missing`,
    `integration_not_wanted`; the field is the culprit, such as `texts.de.name`."""
    if set(texts) - set(LANGUAGES):
        raise Refused("unknown_language", "the portal does not speak that language", field="texts")
    if default_language not in texts:
        raise Refused("name_missing", f"a name in {default_language} is needed", field=f"texts.{default_language}.name")
    for language, said in texts.items():
        _check_text(said.name, NAME_MOST, f"texts.{language}.name", least=1)
        _check_text(said.description, DESCRIPTION_MOST, f"texts.{language}.description")
    if kind is ResolutionKind.REFUND_SERVICE:
        if not (integration or "").strip():
            raise Refused("integration_missing", "name the service that pays", field="integration")
        _check_text(integration or "", INTEGRATION_MOST, "integration")
    elif integration is not None:
        raise Refused("integration_not_wanted", "only a refund service has an integration", field="integration")


def _check_text(text: str, most: int, where: str, *, least: int = 0) -> None:
    if len(text.strip()) < least:
        raise Refused("name_missing", "a name is needed", field=where)
    if len(text) > most or _CONTROLS.search(text):
        raise Refused("invalid_text", f"at most {most} characters, none of them invisible", field=where)


def named_in(document: PolicyDocument) -> Iterator[Named]:
    """Yield every place of a policy that names a record, defaults last."""
    for index, rule in enumerate(document.rules):
        if rule.then.resolutions is not None:
            yield from _named(rule.then.resolutions, rule.name, f"rules[{index}].then.resolutions")
    yield from _named(document.defaults.resolutions, None, "defaults.resolutions")


def _named(said: Resolutions, rule: str | None, where: str) -> Iterator[Named]:
    for n, offer in enumerate(said.offered):
        if offer.ref is not None:
            yield Named(rule, f"{where}.offered[{n}].ref", offer.kind, offer.ref)


def check_named(named: Named, known: Mapping[str, Resolution]) -> None:
    """Raise Refused(resolution_not_usable) unless the record (by id) exists, is active and of the kind the offer says."""
    found = known.get(named.ref)
    if found is None:
        said = "there is no such resolution in this store"
    elif not found.active:
        said = "that resolution is archived"
    elif found.kind is not named.kind:
        said = f"that resolution is a {found.kind.value}, the offer a {named.kind.value}"
    else:
        return
    raise Refused("resolution_not_usable", said, field=named.field, facts={"rule": named.rule, "ref": named.ref})
