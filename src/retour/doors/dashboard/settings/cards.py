"""Settings of card payments: the provider that amounts are held with, its keys, and where it posts its messages."""

from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_id_of
from retour.flows import card_provider as flow
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "cards"
_FIELDS: Final = frozenset({"name", "key", "signing_secret"})


class _Cards:
    """The pages of the area; an installation says where it is reached and whether plain addresses are allowed."""

    def __init__(self, here: Installation) -> None:
        self._here = here

    async def page(self, seen: Visit) -> Response[str]:
        return await self._show(seen, Form({}), FormErrors())

    async def _show(
        self, seen: Visit, sent: Form, errors: FormErrors, *, changing: str = "", status: int = 200
    ) -> Response[str]:
        async with seen.desk.database.tx(seen.staff.tenant_id) as db:
            found = await flow.providers(db)
        public = self._here.public_url.rstrip("/")
        return await show(
            seen, AREA, status=status, sent=sent, errors=errors, changing=changing,
            found=[(one, f"{public}/hooks/{one.platform}/{one.id}") for one in found],
        )  # fmt: skip

    async def add(self, seen: Visit) -> Response[Any]:
        sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
        store_id = await store_id_of(seen)

        async def work(db: Db) -> None:
            await flow.add(
                db, seen.desk.vault, tenant_id=seen.staff.tenant_id, store_id=store_id, name=sent.text("name"),
                key=sent.text("key"), signing=sent.text("signing_secret") or None, address=None,
                allow_private_urls=self._here.allow_private_urls, actor=seen.staff.actor, now=seen.now,
            )  # fmt: skip

        try:
            await seen.desk.database.run(seen.staff.tenant_id, work)
        except Refused as no:
            errors.add(no.field if no.field in _FIELDS else "name", explain(no, seen.reader))
            return await self._show(seen, sent, errors, status=no.status)
        return back_to(AREA, "cards_connected")

    async def reseal(self, seen: Visit) -> Response[Any]:
        provider_id = uuid_of(seen.request.path_params["provider_id"], flow.MISSING)
        sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()

        async def work(db: Db) -> None:
            await flow.reseal(
                db, seen.desk.vault, tenant_id=seen.staff.tenant_id, provider_id=provider_id,
                key=sent.text("key") or None, signing=sent.text("signing_secret") or None, actor=seen.staff.actor,
                now=seen.now,
            )  # fmt: skip

        try:
            await seen.desk.database.run(seen.staff.tenant_id, work)
        except Refused as no:
            if no.field not in _FIELDS:
                raise
            errors.add(f"{no.field}-{provider_id}", explain(no, seen.reader))
            return await self._show(seen, Form({}), errors, changing=str(provider_id), status=no.status)
        return back_to(AREA, "saved")

    async def remove(self, seen: Visit) -> Response[Any]:
        provider_id = uuid_of(seen.request.path_params["provider_id"], flow.MISSING)

        async def work(db: Db) -> None:
            await flow.remove(db, provider_id=provider_id, actor=seen.staff.actor, now=seen.now)

        try:
            await seen.desk.database.run(seen.staff.tenant_id, work)
        except Refused as no:
            if no.code != "card_hold_open":
                raise
            return back_to(AREA, "cards_held")
        return back_to(AREA, "disconnected")


def route_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at, cards = f"/dashboard/settings/{AREA}", _Cards(here)
    return [
        page(desk, at, cards.page),
        form(desk, at, cards.add, OWNER),
        form(desk, f"{at}/{{provider_id:str}}/keys", cards.reseal, OWNER),
        form(desk, f"{at}/{{provider_id:str}}/remove", cards.remove, OWNER),
    ]
