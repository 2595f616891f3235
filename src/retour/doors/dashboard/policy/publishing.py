"""Publishing a draft: first what changes, which rules trouble each other and what a simulation said, then the act."""

from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.policy.comparing import STATES, Comparison, compared
from retour.doors.dashboard.policy.conflicts import findings
from retour.doors.dashboard.policy.documents import Json
from retour.doors.dashboard.policy.refusals import said as refusal_said
from retour.doors.dashboard.policy.room import OWNER, ROOT, Opened, a_draft, overtaken, show_version, teller_of
from retour.doors.dashboard.policy.simulated import told_run
from retour.doors.dashboard.route import form, page
from retour.flows import policy as flow
from retour.store import policy
from retour.store import simulation as simulations
from retour.store.db import Db
from retour.store.simulation import SimulationRow
from retour.web.forms import read_form
from retour.web.pages import see


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the review and the act."""
    at = f"{ROOT}/{{number:str}}/publish"
    return [page(desk, at, _review_page, OWNER), form(desk, at, _publish, OWNER)]


async def _review_page(seen: Visit) -> Response[Any]:
    return await _review(seen)


async def _review(seen: Visit, *, trouble: str | None = None, status: int = 200) -> Response[Any]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await a_draft(db, seen)
        found = await _changes(db, seen, here)
        run = await _simulated(db, seen, here)
        conflicts = await findings(db, seen, here)
    return await show_version(
        seen, here, "publish", tab="", status=status, found=found, trouble=trouble,
        states={name: seen.reader.say(text) for name, text in STATES.items()},
        conflicts=conflicts, run=run, run_days=told_run(run, seen.reader).days if run else "",
        rules=[] if found is not None else here.teller.rules(here.document),
        otherwise=[] if found is not None else here.teller.defaults(here.document),
    )  # fmt: skip


async def _changes(db: Db, seen: Visit, here: Opened) -> Comparison | None:
    """Return what would change, or nothing where no version is in force."""
    live = await policy.published(db, here.store.id)
    version = await policy.get_version(db, here.store.id, live[0]) if live else None
    if version is None:
        return None
    document: Json = version.document  # type: ignore[assignment] # what was published is a document
    return compared(document, here.document, await teller_of(db, seen, here.store, document), here.teller)


async def _simulated(db: Db, seen: Visit, here: Opened) -> SimulationRow | None:
    """Return the last finished simulation of the draft as it is now."""
    rows = await simulations.list_of_store(db, here.store.id, now=seen.now, limit=200)
    fresh = (
        row for row in rows
        if row.candidate_version_id == here.version.id and row.state == "done" and row.created_at >= here.version.changed_at
    )  # fmt: skip
    last = next(fresh, None)
    return await simulations.get(db, last.id, now=seen.now) if last else None


async def _publish(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request, token=seen.staff.csrf)
    after, revision = sent.whole("after") or 0, sent.whole("revision") or 0

    async def work(db: Db) -> None:
        here = await a_draft(db, seen)
        await flow.publish_draft(
            db, store_id=here.store.id, version_id=here.version.id, after=after, revision=revision,
            actor=seen.staff.actor, now=seen.now,
        )  # fmt: skip

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        return await _again(seen, refused, after)
    return see(f"{ROOT}?said=published")


async def _again(seen: Visit, refused: Refused, after: int) -> Response[Any]:
    """Show the review again with why nothing was published."""
    if refused.code.endswith("_not_found"):
        raise refused
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        here = await a_draft(db, seen)
    if refused.code != "state_changed":
        rule = refused.facts.get("rule_name")
        words = refusal_said(refused, seen.reader)
        words = seen.reader.say("Rule “%(name)s”: %(what)s", name=rule, what=words) if rule else words
        return await _review(seen, trouble=words, status=422)
    if here.in_force != after:
        text = seen.reader.say("Somebody published another version meanwhile. This is what your draft changes now.")
    else:
        text = overtaken(here, seen.reader)
    return await _review(seen, trouble=text, status=409)
