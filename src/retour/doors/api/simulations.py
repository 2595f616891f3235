"""Simulations over the API: asked for, followed, read with the list of what would go otherwise, taken back."""

from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from retour.core.errors import Refused
from retour.core.policy import decode
from retour.core.simulation import Against, Change, Mode
from retour.doors.api.cursor import make_cursor, read_cursor, read_number, read_uuid
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Name, PageQuery, Told
from retour.doors.api.simulation_shapes import AffectedOut, SimulationOut, affected_out, simulation_out
from retour.flows import simulation as flow
from retour.store import policy as policies
from retour.store import simulation as simulations

MISSING: Final = "simulation_not_found"
_Number = Annotated[int, Meta(ge=1, le=2_147_483_647, description="The number of a version.")]
_Document = Annotated[dict[str, Any], Meta(description="A policy document; `/policy-schema` has its JSON Schema.")]


class TriedPolicy(Asked):
    """What is tried: a version by its number, a draft as well, or a document; one of the two."""

    version: _Number | None = None
    document: _Document | None = None


class Over(Asked):
    """What it is replayed over: returns asked for on these merchant-local days, orders placed on them, or a file.

    `judged_on` is the day on which orders are judged (`until` by default); `csv` is the text of the file, whose days are
    its own. Larger files than a message may be are simulated on the command line.
    """

    from_: date = msgspec.field(name="from")
    until: date
    mode: Mode = Mode.RETURNS
    judged_on: date | None = None
    csv: Annotated[str, Meta(min_length=1, pattern=NO_NUL)] | None = None


class SimulationWish(Asked):
    """A simulation; returns are compared with what was decided then, unless `against` names a version."""

    policy: TriedPolicy
    over: Over
    against: _Number | None = None
    name: Name | None = None


class SimulationPage(Told):
    """A part of the list, the newest first; no `next` means that it is the last."""

    items: list[SimulationOut]
    next: str | None


class AffectedQuery(PageQuery):
    """Which of the affected returns are wanted: all of them, or those that change in one way."""

    change: Change | None = None


class AffectedPage(Told):
    """A part of the list; no `next` means that it is the last."""

    items: list[AffectedOut]
    next: str | None


async def start_simulation(call: Call, wish: SimulationWish) -> SimulationOut:
    """Ask for a simulation."""
    document, version_id = wish.policy.document, await _numbered(call, wish.policy.version, "policy.version")
    simulation_id = await flow.start(
        call.db,
        store_id=call.store_id,
        candidate=None if document is None else decode(document),
        version_id=version_id,
        mode=wish.over.mode,
        against=Against.RECORDED if wish.against is None else Against.VERSION,
        baseline_version_id=await _numbered(call, wish.against, "against"),
        from_on=wish.over.from_,
        until_on=wish.over.until,
        judged_on=wish.over.judged_on,
        imported=None if wish.over.csv is None else wish.over.csv.encode(),
        name=wish.name or "",
        actor=call.actor,
        now=call.now,
    )
    return await _shown(call, simulation_id)


async def list_simulations(call: Call, query: PageQuery) -> SimulationPage:
    """Return the simulations of a store."""
    before = None if query.after is None else read_uuid(read_cursor(query.after, parts=1)[0])
    found = await simulations.list_of_store(
        call.db, call.store_id, now=call.now, limit=query.limit + 1, before_id=before
    )
    shown = found[: query.limit]
    more = make_cursor(shown[-1].id) if len(found) > query.limit else None
    return SimulationPage(items=[simulation_out(row) for row in shown], next=more)


async def get_simulation(call: Call, _: None) -> SimulationOut:
    """Return one simulation with its result."""
    return await _shown(call, call.resource_id)


async def list_affected(call: Call, query: AffectedQuery) -> AffectedPage:
    """Return what would go otherwise, as far as the simulation has come."""
    await _shown(call, call.resource_id)
    after = 0 if query.after is None else min(read_number(read_cursor(query.after, parts=1)[0]), 2_147_483_647)
    found = await simulations.affected(
        call.db, call.resource_id, limit=query.limit + 1, after=after, change=query.change
    )
    shown = found[: query.limit]
    more = make_cursor(shown[-1].n) if len(found) > query.limit else None
    return AffectedPage(items=[affected_out(row.affected) for row in shown], next=more)


async def cancel_simulation(call: Call, _: None) -> SimulationOut:
    """Stop a simulation."""
    await flow.cancel(call.db, simulation_id=call.resource_id, store_id=call.store, now=call.now)
    return await _shown(call, call.resource_id)


async def delete_simulation(call: Call, _: None) -> None:
    """Delete a simulation with its list."""
    await flow.remove(call.db, simulation_id=call.resource_id, store_id=call.store, now=call.now)


async def _numbered(call: Call, number: int | None, field: str) -> UUID | None:
    if number is None:
        return None
    found = await policies.numbered(call.db, call.store_id, number)
    if found is None:
        raise Refused("policy_not_found", "the store has no version of that number", field=field)
    return found


async def _shown(call: Call, simulation_id: UUID) -> SimulationOut:
    row = await simulations.get(call.db, simulation_id, now=call.now)
    if row is None or call.store not in (None, row.store_id):
        raise Refused(MISSING, "there is no such simulation")
    return simulation_out(row)


OPERATIONS: Final = (
    Operation(
        id="start_simulation", method="POST", path="/simulations", tag="Simulations", body=SimulationWish,
        answer=SimulationOut, status=201, needs_store=True, summary="Replay a policy over the past", do=start_simulation,
        description="Runs as a job; nothing but the simulation is written. What the figures mean: docs/simulator.md.",
    ),
    Operation(
        id="list_simulations", method="GET", path="/simulations", tag="Simulations", query=PageQuery,
        answer=SimulationPage, needs_store=True, summary="List the simulations of a store", do=list_simulations,
    ),
    Operation(
        id="get_simulation", method="GET", path="/simulations/{id}", tag="Simulations", answer=SimulationOut,
        missing=MISSING, summary="Follow a simulation, and read its result", do=get_simulation,
    ),
    Operation(
        id="list_affected", method="GET", path="/simulations/{id}/affected", tag="Simulations", query=AffectedQuery,
        answer=AffectedPage, missing=MISSING, summary="List what would go otherwise", do=list_affected,
    ),
    Operation(
        id="cancel_simulation", method="POST", path="/simulations/{id}/cancel", tag="Simulations", answer=SimulationOut,
        missing=MISSING, summary="Stop a simulation", do=cancel_simulation,
    ),
    Operation(
        id="delete_simulation", method="DELETE", path="/simulations/{id}", tag="Simulations", status=204, missing=MISSING,
        summary="Delete a simulation with its list", do=delete_simulation,
    ),
)  # fmt: skip
