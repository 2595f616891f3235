"""What a shopper wants with the order: send something back, claim that something is wrong, cancel what was not sent."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response

from retour.core.errors import Refused
from retour.core.kind import ASKED_FOR, Kind
from retour.doors.portal.desk import AnyRequest, Desk, Here
from retour.doors.portal.draft import Draft
from retour.doors.portal.drafting import draft_of, keep
from retour.flows import rma as returns
from retour.web.pages import see
from retour.web.reader import Reader

_KINDS: Final = tuple(kind.value for kind in ASKED_FOR)


async def take_kind(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Begin a draft of another kind; what was chosen for the kind before is dropped."""
    form = await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        draft = draft_of(here)
        if here.proven.gift:
            return see(f"{here.base}/items")
        if form.text("kind") in _KINDS and form.text("kind") != draft.kind:
            await keep(here, Draft(draft.order_id, kind=form.text("kind")))
        return see(f"{here.base}/items")


async def others(here: Here, draft: Draft) -> Sequence[tuple[str, str]]:
    """Return the other kinds that the shopper may begin now, as (kind, words); a cancellation if it would be of something."""
    if here.proven.gift:
        return ()  # a gift comes back for credit, and that is all there is
    found = [kind for kind in _KINDS if kind != draft.kind]
    if Kind.CANCELLATION.value in found and not await _can_cancel(here):
        found.remove(Kind.CANCELLATION.value)
    return [(kind, _offer(kind, here.reader)) for kind in found]


def heading(kind: str, reader: Reader) -> str:
    """Return what the page asks that shows the items."""
    if kind == Kind.CLAIM:
        return reader.say("Which items have a problem?")
    if kind == Kind.CANCELLATION:
        return reader.say("What shall not be sent?")
    return reader.say("What is going back?")


async def _can_cancel(here: Here) -> bool:
    try:
        found = await returns.consider(
            here.db, store_id=here.store_id, order_id=here.proven.order_id, kind=Kind.CANCELLATION.value,
            channel="portal", now=here.now, policies=here.desk.policies,
        )  # fmt: skip
    except Refused:
        return False
    return any(line.can_return for line in found.lines)


def _offer(kind: str, reader: Reader) -> str:
    return {
        Kind.RETURN.value: reader.say("Send something back"),
        Kind.CLAIM.value: reader.say("Damaged, wrong or missing?"),
        Kind.CANCELLATION.value: reader.say("Cancel what was not sent yet"),
    }[kind]
