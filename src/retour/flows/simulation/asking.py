"""Asking for a simulation: what is tried, on what, compared with what; and taking it back."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.policy import PolicyDocument, decode, encode
from retour.core.simulation import Against, Mode
from retour.flows.simulation.importing import read_file
from retour.store import jobs, policy
from retour.store import simulation as simulations
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.simulation import SimulationRow

DAYS_KEPT: Final = 30
LONGEST: Final = timedelta(days=3660)  # of the past at once


@dataclass(frozen=True, slots=True)
class _Named:
    """A policy document as plain JSON, and the version it came from if it was one."""

    document: object
    version_id: UUID | None
    name: str


async def start(
    db: Db,
    *,
    store_id: UUID,
    candidate: PolicyDocument | None = None,
    version_id: UUID | None = None,
    mode: Mode = Mode.RETURNS,
    against: Against = Against.RECORDED,
    baseline_version_id: UUID | None = None,
    from_on: date,
    until_on: date,
    judged_on: date | None = None,
    imported: bytes | None = None,
    name: str = "",
    actor: str,
    now: datetime,
    nudge: bool = True,
) -> UUID:
    """Keep a simulation of a document or of a version, enqueue its job and return its id; days are merchant-local.

    Without `nudge` the caller runs it itself.

    Orders and files are always compared with a version, the published one unless another is named. Raises Refused:
    `store_not_found`, `policy_not_found`, `policy_not_published`, `invalid_policy`, `range_invalid`, `file_missing`,
    `file_not_expected`, and for a file what `read_file` raises.
    """
    if (candidate is None) == (version_id is None):
        raise Refused("policy_missing", "name a policy document or a version, one of them", field="policy")
    context = await policy.context(db, store_id)
    if context is None:
        raise Refused("store_not_found", "there is no such store")
    _check_range(from_on, until_on)
    tried = await _version(db, store_id, version_id) if version_id else _posted(candidate)
    compared = None
    if mode is not Mode.RETURNS or against is Against.VERSION:
        compared = await _version(db, store_id, baseline_version_id or context.policy_version_id)
    new = simulations.NewSimulation(
        id=new_id(),
        store_id=store_id,
        mode=mode,
        against=Against.RECORDED if compared is None else Against.VERSION,
        name=(name or tried.name)[:200],
        candidate=tried.document,
        candidate_version_id=tried.version_id,
        baseline=None if compared is None else compared.document,
        baseline_version_id=None if compared is None else compared.version_id,
        from_on=from_on,
        until_on=until_on,
        judged_on=(judged_on or until_on) if mode is Mode.ORDERS else None,
        imported=_read(imported, mode, context.currency),
        actor=actor,
        created_at=now,
        expires_at=now + timedelta(days=DAYS_KEPT),
    )
    await simulations.open_(db, new)
    if nudge:
        await jobs.defer(db, [jobs.Job(jobs.Task.SIMULATE, new.id)])
    return new.id


def _read(imported: bytes | None, mode: Mode, currency: str) -> bytes | None:
    if (imported is None) == (mode is Mode.IMPORTED):
        code, said = ("file_missing", "send the file") if imported is None else ("file_not_expected", "send no file")
        raise Refused(code, said, field="csv")
    return None if imported is None else read_file(imported, currency=currency)


async def cancel(db: Db, *, simulation_id: UUID, store_id: UUID | None, now: datetime) -> None:
    """Stop a simulation; raise Refused(simulation_not_found, move_not_allowed) for one that is over."""
    row = await _found(db, simulation_id, store_id, now)
    if not await simulations.cancel(db, simulation_id, now=now):
        raise Refused("move_not_allowed", f"the simulation is {row.state}", facts={"state": row.state})


async def remove(db: Db, *, simulation_id: UUID, store_id: UUID | None, now: datetime) -> None:
    """Delete a simulation with its list, whatever it is doing; raise Refused(simulation_not_found)."""
    await _found(db, simulation_id, store_id, now)
    await simulations.remove(db, simulation_id)


async def forget_expired(db: Db, *, now: datetime) -> None:
    """Delete the account's simulations whose time is over."""
    await simulations.forget_expired(db, now=now)


async def _found(db: Db, simulation_id: UUID, store_id: UUID | None, now: datetime) -> SimulationRow:
    row = await simulations.get(db, simulation_id, now=now)
    if row is None or store_id not in (None, row.store_id):
        raise Refused("simulation_not_found", "there is no such simulation")
    return row


async def _version(db: Db, store_id: UUID, version_id: UUID | None) -> _Named:
    if version_id is None:
        raise Refused("policy_not_published", "the store has no published policy to compare with")
    found = await policy.get_version(db, store_id, version_id)
    if found is None:
        raise Refused("policy_not_found", "there is no such policy version", field="policy")
    decode(found.document)  # raises Refused for a draft that was kept before its mistakes were found
    return _Named(found.document, version_id, f"version {found.version}")


def _posted(candidate: PolicyDocument | None) -> _Named:
    assert candidate is not None, "one of the two is given"
    document = encode(candidate)
    decode(document)  # what could not be saved is not tried either
    return _Named(document, None, candidate.name)


def _check_range(first: date, last: date) -> None:
    if last < first:
        raise Refused("range_invalid", "the last day lies before the first", field="until")
    if last - first > LONGEST or last == date.max:
        raise Refused("range_invalid", "ten years at once are the most", field="from")
