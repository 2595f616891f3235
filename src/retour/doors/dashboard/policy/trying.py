"""What a policy would decide for an order, tried beside the editor: nothing is kept and nobody is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from retour.doors.dashboard.desk import Visit
from retour.doors.dashboard.policy.room import Opened
from retour.store.db import Db


@dataclass(frozen=True, slots=True)
class Compared:
    """One row of a trace: a fact or group, what was wanted, what it was, and whether that held."""

    depth: int
    what: str
    wanted: str
    was: str
    held: bool | None


@dataclass(frozen=True, slots=True)
class Went:
    """One rule as it went on a line."""

    id: str
    number: int
    name: str
    enabled: bool
    answer: bool | None
    decides: tuple[str, ...]
    compared: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class TriedLine:
    """What would be decided for one line: whether it may come back, what is offered, and who decided."""

    title: str
    eligible: bool
    why: tuple[str, ...]
    decided: tuple[tuple[str, str, str, tuple[str, ...]], ...]  # question, rule id, rule name, sentences
    offers: tuple[tuple[str, str], ...]  # resolution, amount
    rules: tuple[Went, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """An order as it was tried; `trouble` says why there is nothing to show."""

    order: str
    trouble: str | None = None
    lines: Sequence[TriedLine] = field(default_factory=tuple)


async def tried(db: Db, seen: Visit, here: Opened, document: object, order: str) -> Tried | None:
    """Return what a document would decide for an order by its number, or nothing where none is named."""
    if not order:
        return None
    return Tried(order, seen.reader.say("There is no order %(number)s.", number=order[:60]))
