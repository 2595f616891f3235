"""What is overdue, of all tenants, by ids alone: the sweep's reading of the truth that jobs only nudge."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from retour.core.sla import USUAL_HOURS
from retour.store.db import Db, Record

EFFECTS: Final = "SELECT tenant_id, id FROM route_due_effects($1, $2)"
SETTLEMENTS: Final = "SELECT tenant_id, id FROM route_due_settlements($1, $2)"
RMAS: Final = "SELECT tenant_id, id FROM route_due_rmas($1, $2)"
REPORTS: Final = "SELECT tenant_id, id FROM route_due_reports($1, $2)"
DELIVERIES: Final = "SELECT tenant_id, id FROM route_due_deliveries($1, $2)"
MAIL: Final = "SELECT tenant_id, id FROM route_due_mail($1, $2)"
INBOX: Final = "SELECT tenant_id, id FROM route_due_inbox($1, $2)"
SYNCS: Final = "SELECT tenant_id, id FROM route_due_syncs($1, $2)"
PICTURES: Final = "SELECT tenant_id, id FROM route_due_pictures($1, $2)"
VISITS: Final = "SELECT tenant_id, id FROM route_due_visits($1, $2)"
WITHDRAWALS: Final = "SELECT tenant_id, id FROM route_due_withdrawals($1, $2)"

ALARMS: Final = "SELECT tenant_id, id FROM route_due_alarms($1, $2)"
WITHDRAWAL_WAITS: Final = "SELECT tenant_id, id FROM route_due_withdrawal_waits($1, $2, $3)"
NOTICES: Final = "SELECT tenant_id, id FROM route_due_notices($1, $2)"
ESCALATIONS: Final = "SELECT tenant_id, id FROM route_due_escalations($1, $2, $3)"

EXPIRED_KEYS: Final = "SELECT tenant_id, tenant_id AS id FROM route_expired_keys($1, $2)"
CATALOGUE_ASKS: Final = "SELECT tenant_id, id FROM route_due_catalogue_asks($1, $2)"
EXPIRED_VISITS: Final = "SELECT tenant_id, tenant_id AS id FROM route_expired_visits($1, $2)"
SIMULATIONS: Final = "SELECT tenant_id, id FROM route_due_simulations($1, $2)"
EXPIRED_SIMULATIONS: Final = "SELECT tenant_id, tenant_id AS id FROM route_expired_simulations($1, $2)"
EXCHANGES: Final = "SELECT tenant_id, id FROM route_due_exchanges($1, $2)"
CARD_HOLDS: Final = "SELECT tenant_id, id FROM route_due_card_holds($1, $2)"
LABELS: Final = "SELECT tenant_id, id FROM route_due_labels($1, $2)"
PRIVACY: Final = "SELECT tenant_id, id FROM route_due_privacy($1, $2)"
RETENTION: Final = "SELECT tenant_id, tenant_id AS id FROM route_due_retention($1, $2)"

Due = list[tuple[UUID, UUID]]


async def effects(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, effect) that have been due for longer than `overdue`, oldest first."""
    return _ids(await db.fetch(EFFECTS, most, overdue))


async def settlements(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, settlement) that have been due for longer than `overdue`, oldest first."""
    return _ids(await db.fetch(SETTLEMENTS, most, overdue))


async def reports(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, settlement) that were handed over and that nobody has reported on for too long."""
    return _ids(await db.fetch(REPORTS, most, overdue))


async def rmas(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, return) that have been due for longer than `overdue`, oldest first."""
    return _ids(await db.fetch(RMAS, most, overdue))


async def deliveries(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, delivery) that have been due for longer than `overdue`, oldest first."""
    return _ids(await db.fetch(DELIVERIES, most, overdue))


async def mail(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, mail) that have been due for longer than `overdue`, oldest first."""
    return _ids(await db.fetch(MAIL, most, overdue))


async def inbox(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, inbox row) that have been due for longer than `overdue`, oldest first."""
    return _ids(await db.fetch(INBOX, most, overdue))


async def labels(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, label) that are to be made, oldest first."""
    return _ids(await db.fetch(LABELS, most, overdue))


async def exchanges(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, settlement) whose new order is to be looked at, oldest first."""
    return _ids(await db.fetch(EXCHANGES, most, overdue))


async def card_holds(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, authorisation of a card) that is to be looked at, oldest first."""
    return _ids(await db.fetch(CARD_HOLDS, most, overdue))


async def syncs(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, connection) whose orders are due to be synced, oldest first."""
    return _ids(await db.fetch(SYNCS, most, overdue))


async def pictures(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, picture) that are to be fetched, oldest first."""
    return _ids(await db.fetch(PICTURES, most, overdue))


async def withdrawal_waits(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, statement of withdrawal) that waits too long and was not escalated yet."""
    return _ids(await db.fetch(WITHDRAWAL_WAITS, most, overdue, dict(USUAL_HOURS)))


async def notices(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, return) that the staff is to be mailed about, oldest first."""
    return _ids(await db.fetch(NOTICES, most, overdue))


async def alarms(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, alarm) that nobody has told, oldest first."""
    return _ids(await db.fetch(ALARMS, most, overdue))


async def escalations(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, return) that wait too long and were not escalated for that, the longest wait first."""
    return _ids(await db.fetch(ESCALATIONS, most, overdue, dict(USUAL_HOURS)))


async def expired_keys(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, tenant) of accounts that still keep answers under keys older than a day."""
    return _ids(await db.fetch(EXPIRED_KEYS, most, overdue))


async def visits(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, visit) whose order is still to be looked for, oldest first."""
    return _ids(await db.fetch(VISITS, most, overdue))


async def withdrawals(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, withdrawal) whose order is still to be looked for, oldest first."""
    return _ids(await db.fetch(WITHDRAWALS, most, overdue))


async def expired_visits(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, tenant) of accounts that still keep visits which are over."""
    return _ids(await db.fetch(EXPIRED_VISITS, most, overdue))


async def catalogue_asks(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, question to a catalogue) that are still to be answered, or to be forgotten."""
    return _ids(await db.fetch(CATALOGUE_ASKS, most, overdue))


async def simulations(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, simulation) that wait for a worker, or whose worker is gone, oldest first."""
    return _ids(await db.fetch(SIMULATIONS, most, overdue))


async def expired_simulations(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, tenant) of accounts that still keep simulations whose time is over."""
    return _ids(await db.fetch(EXPIRED_SIMULATIONS, most, overdue))


async def privacy(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, request about personal data) that are to be worked on (again), oldest first."""
    return _ids(await db.fetch(PRIVACY, most, overdue))


async def retention(db: Db, *, most: int, overdue: timedelta) -> Due:
    """Return (tenant, tenant) of accounts whose old data is to be forgotten."""
    return _ids(await db.fetch(RETENTION, most, overdue))


def _ids(rows: list[Record]) -> Due:
    return [(row["tenant_id"], row["id"]) for row in rows]
