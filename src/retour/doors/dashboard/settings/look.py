"""Settings of the portal's look: the address, the colour in both themes, the logo, what the merchant says."""

from dataclasses import replace
from typing import Any, Final

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from retour.core.brand import DARK, DEFAULT, LIGHT, Ground, Shades, palette, read_colour
from retour.core.errors import Refused
from retour.core.look import LOGO_MOST, Logo, Look, Texts, logo_of
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_id_of
from retour.flows import look as flow
from retour.flows.photo.encoding import MOST_BYTES, reencode
from retour.store import account
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form
from retour.web.texts import LANGUAGES

AREA: Final = "look"
LOGO_PX: Final = 480
_FORM_MOST: Final = MOST_BYTES + 256 * 1024


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [page(desk, at, _page), form(desk, at, _change, OWNER), page(desk, f"{at}/logo", _logo)]


async def _look(seen: Visit) -> Look:
    store_id = await store_id_of(seen)

    async def work(db: Db) -> Look:
        return await flow.look_of(db, store_id=store_id, now=seen.now)

    return await seen.desk.database.run(seen.staff.tenant_id, work)


async def _page(seen: Visit) -> Response[str]:
    return await _form(seen, await _look(seen), None, FormErrors())


async def _form(seen: Visit, look: Look, sent: Form | None, errors: FormErrors, *, status: int = 200) -> Response[str]:
    typed = _typed(look) if sent is None else {name: sent.text(name) for name in _typed(look)}
    colour = look.brand_hex or DEFAULT
    if sent is not None and not errors.of("brand_hex") and sent.text("brand_hex"):
        colour = read_colour(sent.text("brand_hex"))
    shades = palette(colour)
    previews: list[tuple[str, Ground, Shades]] = [("light", LIGHT, shades.light), ("dark", DARK, shades.dark)]
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store = await account.get_store(db, look.store_id)
    return await show(
        seen, AREA, status=status, store=store, errors=errors, typed=typed, colour=colour, previews=previews,
        languages=list(LANGUAGES.items()), has_logo=look.logo is not None, shop_name=look.name,
        withdrawal_link=look.withdrawal_link if sent is None else sent.checked("withdrawal_link"),
        withdrawal_url=f"/returns/{look.handle}/withdraw",
        portal_url=f"/returns/{look.handle}",
    )  # fmt: skip


def _typed(look: Look) -> dict[str, str]:
    said = {
        f"{part}-{language}": getattr(look.texts.get(language, Texts()), part)
        for language in LANGUAGES
        for part in ("greeting", "sending")
    }
    return said | {
        "name": look.name, "handle": look.handle, "brand_hex": look.brand_hex or "",
        "contact_email": look.contact_email or "", "contact_url": look.contact_url or "",
        "return_address": look.return_address or "", "sender_name": look.sender_name or "",
        "default_language": look.default_language,
    }  # fmt: skip


async def _change(seen: Visit) -> Response[Any]:
    sent, errors, look = (
        await read_form(seen.request, _FORM_MOST, token=seen.staff.csrf),
        FormErrors(),
        await _look(seen),
    )
    brand, logo = _colour(seen, sent, errors), await _new_logo(seen, sent, look, errors)
    wish = replace(
        look, name=sent.text("name"), handle=sent.text("handle").lower(), brand_hex=brand, logo=logo,
        texts=_texts(sent), contact_email=sent.text("contact_email") or None,
        contact_url=sent.text("contact_url") or None, return_address=sent.text("return_address") or None,
        sender_name=sent.text("sender_name") or None, default_language=sent.text("default_language"),
        withdrawal_link=sent.checked("withdrawal_link"),
    )  # fmt: skip
    if errors:
        return await _form(seen, look, sent, errors, status=422)

    async def work(db: Db) -> None:
        await flow.change_look(db, look=wish, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(_place(refused), explain(refused, seen.reader))
        return await _form(seen, look, sent, errors, status=refused.status)
    return back_to(AREA, "saved")


def _colour(seen: Visit, sent: Form, errors: FormErrors) -> str | None:
    try:
        return read_colour(sent.text("brand_hex")) if sent.text("brand_hex") else None
    except Refused:
        errors.add("brand_hex", seen.reader.say("Enter a colour such as #1f4d3a"))
        return None


async def _new_logo(seen: Visit, sent: Form, look: Look, errors: FormErrors) -> Logo | None:
    """Return the logo that is wanted: a new picture made harmless, none, or the one that is there."""
    chosen = sent.uploads("logo")
    if not chosen:
        return None if sent.checked("no_logo") else look.logo
    try:
        made = await reencode(await chosen[0].read(), longest_px=LOGO_PX, most_bytes=LOGO_MOST)
        return logo_of(made.webp)
    except Refused:
        errors.add("logo", seen.reader.say("Choose a PNG, JPEG or WebP picture of at most 10 MB"))
        return look.logo


def _texts(sent: Form) -> dict[str, Texts]:
    said = {
        language: Texts(sent.text(f"greeting-{language}"), sent.text(f"sending-{language}")) for language in LANGUAGES
    }
    return {language: texts for language, texts in said.items() if texts != Texts()}


def _place(refused: Refused) -> str:
    """Return the field of the form that a refusal is about; `texts.de.greeting` is `greeting-de` there."""
    parts = (refused.field or "name").split(".")
    return f"{parts[2]}-{parts[1]}" if len(parts) == 3 else parts[0]


async def _logo(seen: Visit) -> Response[bytes]:
    look = await _look(seen)
    if look.logo is None:
        raise NotFoundException
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    return Response(look.logo.content, media_type=look.logo.type, headers=headers)
