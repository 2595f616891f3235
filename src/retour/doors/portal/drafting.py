"""What every step of drafting a return does: read the draft, judge it, keep it, say where it cannot go on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from litestar import Response

from retour.core.errors import Objection, Refused
from retour.core.order import Order
from retour.doors.portal import words
from retour.doors.portal.choices import names_of_reasons
from retour.doors.portal.desk import Elsewhere, Here
from retour.doors.portal.draft import Draft, Piece, kept, key_of, pieces, read_draft
from retour.flows import rma as returns
from retour.flows import visit as flow
from retour.flows.rma import Considered
from retour.store import photo as photos
from retour.store import picture as pictures
from retour.store.db import Db
from retour.store.photo import PhotoView
from retour.web.forms import FormErrors

CHANNEL: Final = "portal"


def draft_of(here: Here) -> Draft:
    """Return the draft of the proven visit."""
    proven = here.proven
    return read_draft(proven.visit.answers, proven.order_id)


async def keep(here: Here, draft: Draft) -> None:
    """Keep the draft with the visit."""
    await flow.keep_answers(here.db, visit_id=here.proven.visit.id, answers=kept(draft), now=here.now)


async def considered(here: Here) -> Considered | Refused:
    """Return the order line by line, or why the shop takes no return here."""
    try:
        return await returns.consider(
            here.db, store_id=here.store_id, order_id=here.proven.order_id, kind=draft_of(here).kind, channel=CHANNEL, now=here.now,
            policies=here.desk.policies,
        )  # fmt: skip
    except Refused as refused:
        return refused


async def order_of(here: Here) -> Considered:
    """Return the order of the visit; raise Elsewhere to where a refusal is shown."""
    found = await considered(here)
    if isinstance(found, Refused):
        raise Elsewhere("/items")
    return found


async def judged(
    here: Here, draft: Draft, *, resolution: str | None = None, any_resolution: bool = False
) -> returns.Judged:
    """Return what the policy says about the draft and what it pays; raise Refused.

    `resolution` is another one than the draft's; with `any_resolution` it need not be offered.
    """
    order = await order_of(here)
    wishes = draft.wishes(order.order.order, resolution=resolution, photos=await photos_of(here))

    async def ask(method: str | None) -> returns.Judged:
        asking = returns.Asking(
            here.store_id, here.proven.order_id, tuple(wishes), CHANNEL, kind=draft.kind, method=method
        )
        return await returns.judge(
            here.db, asking, now=here.now, policies=here.desk.policies, lock=False, any_resolution=any_resolution
        )

    try:
        return await ask(draft.method or None)
    except Refused as refused:
        if refused.code != "method_not_offered" or not draft.method:
            raise
        return await ask(None)  # that way is offered no more


async def photos_of(here: Here) -> Mapping[str, Sequence[PhotoView]]:
    """Return what the visit has sent and no return has taken, by the ref of the line it was sent for."""
    found: dict[str, list[PhotoView]] = {}
    for one in await photos.list_of_visit(here.db, here.proven.visit.id):
        if one.line_ref is not None:
            found.setdefault(one.line_ref, []).append(one)
    return found


async def judged_or_nothing(here: Here, draft: Draft) -> returns.Judged | None:
    """Return what the policy says about the draft, or nothing where it objects to it."""
    try:
        return await judged(here, draft, any_resolution=True)
    except Refused:
        return None


def closed(here: Here, refused: Refused) -> Response[str]:
    """Say that the shop takes no return here, and where to ask."""
    return here.page("closed", said=words.refusal_text(refused, here.reader), help_url=here.help_url)


async def chosen_of(here: Here, draft: Draft, order: Considered) -> Sequence[Piece]:
    """Return the chosen items with their pictures; the reasons as codes."""
    return pieces(draft, order.order.order, await pictures_of(here.db, order.order.order))


async def with_reason(here: Here, draft: Draft, order: Considered) -> list[Piece]:
    """Return the chosen items with their pictures and their reasons in words."""
    chosen, names = await chosen_of(here, draft, order), await names_of_reasons(here)
    return [
        replace(piece, reason=names.get(piece.reason) or words.reason_name(piece.reason, here.reader))
        for piece in chosen
    ]


async def pictures_of(db: Db, order: Order) -> Mapping[str, str]:
    """Return where this server shows the pictures of an order's lines, by their own addresses."""
    return await pictures.paths(db, urls=[line.image_url for line in order.lines])


async def objections(here: Here, draft: Draft, order: Considered, *, at: str) -> FormErrors:
    """Return what stands against the draft as the policy sees it now, at the fields `<at>-<key of the line>`."""
    errors = FormErrors()
    try:
        if draft.lines:
            await judged(here, draft, any_resolution=True)
    except Refused as refused:
        for objection in refused.objections or (Objection(refused.code, refused.message, refused.field),):
            ref = _line_of(objection.field, draft, order)
            line = order.order.order.line(ref or "")
            said = words.objection_text(objection, line, here.reader, placed_at=order.order.order.placed_at)
            errors.add(f"{at}-{key_of(ref)}" if ref else at, f"{line.title}: {said}" if line else said)
    return errors


def _line_of(field: str | None, draft: Draft, order: Considered) -> str | None:
    """Return the line that a refusal names, by its ref or by its place in the request."""
    wishes = draft.wishes(order.order.order)
    for n, wish in enumerate(wishes):
        if field is not None and field.startswith((f"lines[{wish.line_ref}]", f"lines[{n}]")):
            return wish.line_ref
    return None
