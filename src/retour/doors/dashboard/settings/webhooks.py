"""Settings of webhooks: who is told what happens, with a secret shown once, and what could not be delivered."""

from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, forget, show, tell_once, told_once
from retour.flows import delivery as delivery_flow
from retour.flows import webhook_endpoint as flow
from retour.store import delivery, webhook_endpoint
from retour.store.db import Db
from retour.store.desk import upkeep
from retour.store.webhook_endpoint import WebhookEndpoint
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "webhooks"
MOST: Final = 200
_MISSING: Final = "webhook_endpoint_not_found"


def route_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at, one = f"/dashboard/settings/{AREA}", f"/dashboard/settings/{AREA}/{{endpoint_id:str}}"

    async def add(seen: Visit) -> Response[Any]:
        return await _add(seen, here)

    return [
        page(desk, at, _page),
        form(desk, at, add, OWNER),
        page(desk, one, _one_page),
        form(desk, f"{one}/rotate", _rotate, OWNER),
        form(desk, f"{one}/disable", _disable, OWNER),
        form(desk, f"{one}/enable", _enable, OWNER),
        form(desk, f"{one}/delete", _delete, OWNER),
        form(desk, f"{one}/send-again", _send_all_again, OWNER),
        form(desk, f"{one}/deliveries/{{delivery_id:str}}/send-again", _send_again, OWNER),
    ]


def topics() -> list[str]:
    """Return the names of everything that can be told, in groups."""
    return [each.value for each in EventType]


async def _page(seen: Visit) -> Response[str]:
    return await _list(seen, Form({}), FormErrors())


async def _list(seen: Visit, sent: Form, errors: FormErrors, *, status: int = 200) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await webhook_endpoint.endpoints(db, after_id=UUID(int=0), limit=MOST)
        failed = await upkeep.failed(db)
    return await show(seen, AREA, status=status, found=found, failed=failed, sent=sent, errors=errors, topics=topics())


async def _add(seen: Visit, here: Installation) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    known = set(topics())

    async def work(db: Db) -> tuple[UUID, str]:
        added, secret = await flow.add_endpoint(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, url=sent.text("url"),
            topics=[topic for topic in sent.texts("topics") if topic in known],
            allow_private_urls=here.allow_private_urls, actor=seen.staff.actor, now=seen.now,
        )  # fmt: skip
        return added.id, secret

    try:
        added, secret = await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add("url", explain(refused, seen.reader))
        return await _list(seen, sent, errors, status=refused.status)
    return tell_once(seen, back_to(f"{AREA}/{added}"), secret=secret)


def _id(seen: Visit) -> UUID:
    return uuid_of(seen.request.path_params["endpoint_id"], _MISSING)


async def _own(db: Db, seen: Visit) -> WebhookEndpoint:
    found = await webhook_endpoint.get(db, _id(seen))
    if found is None or found.deleted:
        raise Refused(_MISSING, "there is no such webhook endpoint")
    return found


async def _one_page(seen: Visit) -> Response[str]:
    secret = told_once(seen).get("secret")
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await _own(db, seen)
        sent = await upkeep.deliveries(db, found.id)
        failed = (await upkeep.failed(db)).get(found.id, 0)
    answer = await show(seen, AREA, template="webhook", found=found, deliveries=sent, failed=failed, secret=secret)
    return forget(answer) if secret else answer


async def _rotate(seen: Visit) -> Response[Any]:
    async def work(db: Db) -> str:
        return await flow.rotate_secret(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, endpoint_id=_id(seen), actor=seen.staff.actor,
            now=seen.now,
        )  # fmt: skip

    secret = await seen.desk.database.run(seen.staff.tenant_id, work)
    return tell_once(seen, back_to(f"{AREA}/{_id(seen)}"), secret=secret)


async def _disable(seen: Visit) -> Response[Any]:
    async def work(db: Db) -> None:
        await flow.disable_endpoint(db, endpoint_id=_id(seen), actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(f"{AREA}/{_id(seen)}", "switched_off")


async def _enable(seen: Visit) -> Response[Any]:
    async def work(db: Db) -> None:
        await flow.enable_endpoint(db, endpoint_id=_id(seen), actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(f"{AREA}/{_id(seen)}", "switched_on")


async def _delete(seen: Visit) -> Response[Any]:
    async def work(db: Db) -> None:
        await flow.delete_endpoint(db, endpoint_id=_id(seen), actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA, "deleted")


async def _send_all_again(seen: Visit) -> Response[Any]:
    async def work(db: Db) -> None:
        found = await _own(db, seen)
        await delivery_flow.redeliver_failed(db, endpoint_id=found.id, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(f"{AREA}/{_id(seen)}", "sent_again")


async def _send_again(seen: Visit) -> Response[Any]:
    delivery_id = uuid_of(seen.request.path_params["delivery_id"], "delivery_not_found")

    async def work(db: Db) -> None:
        found = await delivery.get(db, delivery_id)
        if found is None or found.endpoint_id != _id(seen):
            raise Refused("delivery_not_found", "there is no such delivery")
        await delivery_flow.redeliver(db, delivery_id=delivery_id, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(f"{AREA}/{_id(seen)}", "sent_again")
