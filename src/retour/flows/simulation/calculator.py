"""The process that computes one share of a simulation; it knows no database and ends when its input does.

Frames on its input and output: the length as a 32-bit big-endian number, then MessagePack. Run by `hands`.
"""

import gc
import os
import sys
from collections.abc import Mapping
from datetime import date
from typing import BinaryIO, Final
from uuid import UUID

import msgspec

from retour.core.errors import Refused
from retour.core.policy import PolicyDocument, decode
from retour.core.simulation import (
    TOLD,
    Case,
    Compared,
    Court,
    Quotes,
    Replay,
    Tally,
    affected,
    facts_needed,
    replay_file,
    replay_order,
)
from retour.flows.simulation.importing import lines_of
from retour.store.expression import Cel
from retour.store.simulation import decoding
from retour.store.simulation.work import Entry, entry

LENGTH: Final = 4  # bytes before each frame
NICE: Final = 5  # the shop goes before


class Setup(msgspec.Struct, tag=True):
    """What is tried, on what: documents as JSON text; `versions` are the policies of the past by id."""

    candidate: str
    baseline: str | None
    versions: dict[str, str]
    time_zone: str
    currency: str
    judged_on: date | None


class Returns(msgspec.Struct, tag=True):
    """A page of past returns under its number: parts, each beside what was decided about its returns."""

    number: int
    parts: list[tuple[bytes, bytes]]


class Orders(msgspec.Struct, tag=True):
    """The orders that the answer to the page of this number asked for."""

    number: int
    page: bytes


class Unreturned(msgspec.Struct, tag=True):
    """A page of orders without returns."""

    page: bytes


class Imported(msgspec.Struct, tag=True):
    """A page of an imported file."""

    page: bytes


class End(msgspec.Struct, tag=True):
    """Asks for the sums."""


class Answer(msgspec.Struct):
    """What one page came to: how many were read, the affected under their places in the page, the orders still needed."""

    read: int
    affected: list[Entry]
    wanted: list[UUID]


Ask = Setup | Returns | Orders | Unreturned | Imported | End
_ASK: Final = msgspec.msgpack.Decoder(Ask)
_ENCODER: Final = msgspec.msgpack.Encoder()


class Calculator:
    """Answers frames; what it has read so far is in its tally."""

    def __init__(self, setup: Setup) -> None:
        candidate = _document(setup.candidate)
        baseline = None if setup.baseline is None else _document(setup.baseline)
        versions = {name: _document(text) for name, text in setup.versions.items()}
        self._court = Court(candidate, baseline, versions, Cel())
        needed = {name for one in (candidate, baseline, *versions.values()) if one for name in facts_needed(one)}
        self._pages = decoding.Pages({*needed, *TOLD})
        self._setup = setup
        self._tally = Tally()
        self._pending: dict[int, dict[str, list[tuple[int, Case]]]] = {}

    def answer(self, ask: Returns | Orders | Unreturned | Imported | End) -> bytes:
        """Return the answer to one frame, encoded."""
        if isinstance(ask, End):
            return _ENCODER.encode(self._tally.plain())
        if isinstance(ask, Returns):
            return _ENCODER.encode(self._returns(ask))
        if isinstance(ask, Orders):
            return _ENCODER.encode(self._orders(ask))
        return _ENCODER.encode(self._replays(ask))

    def _returns(self, ask: Returns) -> Answer:
        told: list[Entry] = []
        pending: dict[str, list[tuple[int, Case]]] = {}
        pasts = [past for part in ask.parts for past in self._pages.returns_of(*part)]
        for place, past in enumerate(pasts):
            case = self._court.case(past)
            if self._court.needs_order(case):
                pending.setdefault(past.order_key, []).append((place, case))
            else:
                self._add(place, self._court.compare(case), told)
        if pending:
            self._pending[ask.number] = pending
        return Answer(len(pasts), told, [UUID(key) for key in pending])

    def _orders(self, ask: Orders) -> Answer:
        told: list[Entry] = []
        waiting = self._pending.pop(ask.number)
        for found in self._pages.orders_of(ask.page):
            pending = waiting[found.id]
            cases = [self._court.case(past) for past in found.returns] or [case for _, case in pending]
            quotes = self._court.quote(found.order, cases, frozenset([case.past.key for _, case in pending]))
            for place, case in pending:
                self._add(place, self._with_quotes(case, quotes), told)
        return Answer(0, told, [])

    def _replays(self, ask: Unreturned | Imported) -> Answer:
        told: list[Entry] = []
        replays = self._of_orders(ask.page) if isinstance(ask, Unreturned) else self._of_file(ask.page)
        place = 0
        for replay in replays:
            cases = [self._court.case(past) for past in replay.returns]
            quotes = self._court.quote(replay.order, cases, frozenset(past.key for past in replay.returns))
            for case in cases:
                self._add(place, self._with_quotes(case, quotes), told)
                place += 1
        return Answer(len(replays), told, [])

    def _of_orders(self, page: bytes) -> list[Replay]:
        assert self._setup.judged_on is not None, "orders are judged on a day"
        return [
            replay_order(row.document, row.tags, on=self._setup.judged_on, zone_name=self._setup.time_zone)
            for row in decoding.unreturned_of(page)
        ]

    def _of_file(self, page: bytes) -> list[Replay]:
        return [replay_file(lines, currency=self._setup.currency) for lines in lines_of(page)]

    def _with_quotes(self, case: Case, quotes: Mapping[str, Quotes | Refused]) -> Compared:
        quoted = quotes[case.past.key]
        return self._court.compare_unquoted(case) if isinstance(quoted, Refused) else self._court.compare(case, quoted)

    def _add(self, place: int, compared: Compared, told: list[Entry]) -> None:
        self._tally.add(compared)
        if compared.changes:
            told.append(entry(place, affected(compared, self._court)))


def read_ask(frame: bytes) -> Ask:
    """Return what a frame asks."""
    ask: Ask = _ASK.decode(frame)
    return ask


def _document(text: str) -> PolicyDocument:
    return decode(msgspec.json.decode(text))


def main() -> None:
    """Answer frames until the input ends; what a process of its own runs."""
    os.nice(NICE)
    gc.disable()  # nothing here goes in circles, and looking for circles costs a tenth of the time
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer the frames of a stream, the setup first."""
    calculator: Calculator | None = None
    while len(length := source.read(LENGTH)) == LENGTH:
        ask = read_ask(source.read(int.from_bytes(length, "big")))
        if isinstance(ask, Setup):
            calculator = Calculator(ask)
            continue
        assert calculator is not None, "the setup comes first"
        answer = calculator.answer(ask)
        sink.write(len(answer).to_bytes(LENGTH, "big") + answer)
        sink.flush()
