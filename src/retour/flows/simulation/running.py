"""Running a simulation: one snapshot read in pages, computed by hands, told as it goes; it writes to its own tables alone."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import msgspec

from retour.core.errors import Refused
from retour.core.policy import decode, time_zone
from retour.core.simulation import Mode, Result, summed
from retour.core.simulation.imported import MOST_LINES
from retour.flows.simulation.calculator import Imported, Orders, Returns, Setup, Unreturned
from retour.flows.simulation.hands import Ask, Hand, HandLost, hands
from retour.flows.simulation.importing import pages_of
from retour.store.db import Database, Db
from retour.store.simulation import reading, work
from retour.store.simulation.reading import Span
from retour.store.simulation.work import Entry, Taken

Clock = Callable[[], datetime]

LEASE: Final = timedelta(seconds=30)
EVERY: Final = timedelta(milliseconds=500)  # how often progress is written at most
PAGE: Final = 500  # returns
PAGES_EACH: Final = 2  # in the hands of each, so that it has one to compute while the other's rows are read
SHORT: Final = 1_000  # what the worker computes itself
MOST_LISTED: Final = 20_000
MOST_TURNS: Final = 3  # how often a simulation is begun before it is given up


async def run(
    database: Database,
    *,
    tenant_id: UUID,
    simulation_id: UUID,
    clock: Clock,
    short: int = SHORT,
    told: Callable[[int, int], None] | None = None,
) -> None:
    """Run a simulation that waits, or that a worker left behind, from its beginning; a cancelled one stops by itself.

    Up to `short` returns are computed in this process, more in processes of their own. `told` hears how many of how many
    are done after every page.
    """
    async with database.tx(tenant_id) as db:
        now = clock()
        taken = await work.take(db, simulation_id, now=now, lease_until=now + LEASE)
        if taken is None:
            return
        if taken.lease_epoch > MOST_TURNS:
            await work.fail(db, taken, "given_up", at=now)
            return
    teller = _Teller(database, tenant_id, taken, clock, told)
    telling = asyncio.create_task(teller.work())
    try:
        found = await _computed(database, tenant_id, taken, teller, short)
        failure = None
    except Refused as no:
        found, failure = None, no.code
    except HandLost:
        return  # whoever takes it next begins anew, once the lease is over
    finally:
        await teller.end()
        await telling
    async with database.tx(tenant_id) as db:
        if failure is not None:
            await work.fail(db, taken, failure, at=clock())
        elif found is not None and not teller.lost.is_set():
            await work.finish(db, taken, found, read=teller.done, at=clock())


@dataclass
class _Teller:
    """Writes the list and the progress beside the reading; it learns first that nobody wants the rest."""

    database: Database
    tenant_id: UUID
    taken: Taken
    clock: Clock
    told: Callable[[int, int], None] | None
    total: int = 0
    done: int = 0
    listed: int = 0
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: "asyncio.Queue[list[Entry] | None]" = field(default_factory=lambda: asyncio.Queue(8))

    async def tell(self, read: int, entries: list[Entry]) -> None:
        """Note what a page came to; waits while the database is behind."""
        self.done += read
        if self.told is not None:
            self.told(self.done, max(self.total, self.done))
        room = max(0, MOST_LISTED - self.listed)
        self.listed += len(entries[:room])
        await self._waiting.put(entries[:room])

    async def end(self) -> None:
        """Say that nothing more comes."""
        await self._waiting.put(None)

    async def work(self) -> None:
        """Write until the end; what goes wrong stops the reading, and is raised when that has ended."""
        try:
            await self._write()
        except BaseException:
            self.lost.set()
            while await self._waiting.get() is not None:
                pass
            raise

    async def _write(self) -> None:
        told_at = self.clock()
        while (entries := await self._waiting.get()) is not None:
            now = self.clock()
            if self.lost.is_set() or not (entries or now - told_at >= EVERY):
                continue
            async with self.database.tx(self.tenant_id) as db:
                if entries:
                    await work.add_affected(db, self.taken, entries)
                if now - told_at >= EVERY:
                    told_at = now
                    total, until = max(self.total, self.done), now + LEASE
                    if not await work.progress(db, self.taken, done=self.done, total=total, lease_until=until):
                        self.lost.set()


class _Past:
    """The pages of what is read, one after the other, whoever asks; all under one snapshot."""

    def __init__(self, db: Db, taken: Taken, span: Span) -> None:
        self._db, self._taken, self._span = db, taken, span
        self._alone = asyncio.Lock()  # a connection does one thing at a time
        self._after: tuple[datetime, UUID] | None = None
        self._is_over = False
        self._count = 0
        self._file = pages_of(taken.imported, size=PAGE) if taken.imported is not None else []

    async def total(self) -> int:
        if self._taken.mode is Mode.RETURNS:
            return await reading.count_returns(self._db, self._span)
        if self._taken.mode is Mode.ORDERS:
            return await reading.count_unreturned(self._db, self._span)
        return sum(count for count, _ in self._file)

    async def next(self) -> tuple[int, Ask] | None:
        """Return the next page with its number, or nothing after the last."""
        async with self._alone:
            self._count += 1
            ask = None if self._is_over else await self._read(self._count)
            self._is_over = ask is None
            return None if ask is None else (self._count, ask)

    async def orders(self, number: int, ids: list[UUID]) -> Orders:
        async with self._alone:
            return Orders(number, await reading.orders(self._db, ids))

    async def _read(self, number: int) -> Ask | None:
        if self._taken.mode is Mode.IMPORTED:
            return Imported(self._file.pop(0)[1]) if self._file else None
        is_returns = self._taken.mode is Mode.RETURNS
        read = reading.page_of_returns if is_returns else reading.page_of_unreturned
        page = await read(self._db, self._span, after=self._after, limit=PAGE)
        if page is None:
            return None
        self._after = page.after
        return Returns(number, page.parts) if is_returns else Unreturned(page.parts[0][0])


async def _computed(database: Database, tenant_id: UUID, taken: Taken, teller: _Teller, short: int) -> Result | None:
    """Return the result, or nothing if nobody wants it any more."""
    async with database.tx(tenant_id) as db:
        await reading.freeze(db)
        calendar = await reading.calendar_of(db, taken.store_id)
        assert calendar is not None, "a simulation is of a store"
        versions = await reading.versions(db, taken.store_id) if taken.mode is Mode.RETURNS else {}
        past = _Past(db, taken, _span(taken, calendar[0]))
        teller.total = await past.total()
        setup = Setup(taken.candidate, taken.baseline, versions, calendar[0], calendar[1], taken.judged_on)
        async with hands(setup, apart=teller.total > short) as workers:
            await _all_of([_compute(past, hand, teller) for hand in workers for _ in range(PAGES_EACH)])
            if teller.lost.is_set():
                return None
            sums = [await hand.sums() for hand in workers]
    return summed(
        sums, mode=taken.mode, against=taken.against, listed=teller.listed, rules=_rule_names(taken, versions)
    )


async def _all_of(work_of_hands: Sequence[Coroutine[None, None, None]]) -> None:
    """Let all hands work; the first that fails ends the others before its error goes on."""
    tasks = [asyncio.create_task(one) for one in work_of_hands]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _compute(past: _Past, hand: Hand, teller: _Teller) -> None:
    """Let a hand work page after page until there is none or nobody wants more."""
    while not teller.lost.is_set() and (page := await past.next()) is not None:
        number, ask = page
        answer = await hand.ask(ask)
        entries = answer.affected
        if answer.wanted:
            entries += (await hand.ask(await past.orders(number, answer.wanted))).affected
        for one in entries:
            one.n = _place(number, one.n, in_file=isinstance(ask, Imported))
        await teller.tell(answer.read, entries)


def _place(page: int, place: int, *, in_file: bool) -> int:
    """Return the place in the list, counted from one; it has gaps, and the same past always gives the same places.

    A page has at most as many returns as orders, but for one of a file: there it has at most one for each line.
    """
    return (page - 1) * (MOST_LINES if in_file else PAGE) + place + 1


def _span(taken: Taken, zone_name: str) -> Span:
    """Return the instants at which the first day begins and the last one ends where the store is."""
    zone = time_zone(zone_name)
    after = date.fromordinal(taken.until_on.toordinal() + 1)
    return Span(taken.store_id, *(datetime.combine(day, time(), zone) for day in (taken.from_on, after)))


def _rule_names(taken: Taken, versions: dict[str, str]) -> dict[str, str]:
    """Return the names of all rules by id; a rule of the candidate goes before one of the past."""
    names: dict[str, str] = {}
    for text in (taken.candidate, *([taken.baseline] if taken.baseline else []), *versions.values()):
        for rule in decode(msgspec.json.decode(text)).rules:
            names.setdefault(rule.id, rule.name)
    return names
