"""Read an effect back: what to note before the first send, what to ask after silence, and what the answer proves."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from retour.connectors.shopify import answer as answers
from retour.connectors.shopify import operation
from retour.core.card import AuthoriseAgain, CaptureCard, OpenPage, ReleaseCard
from retour.core.draft import DraftFee
from retour.core.effect import (
    DraftExchange,
    Effect,
    EffectKind,
    Note,
    OnDraft,
    OnOrder,
    OnReturn,
    OpenReturn,
    ProcessReturn,
    PushReturn,
    RefundTender,
    Restock,
    Tagging,
)
from retour.core.ports import Outcome, ReadBack, Verdict, WireAnswer, WireRequest
from retour.core.removal import RemoveFromReturn

from . import exchange, verdict
from .effects import note_line
from .reading import many, one, text

Doc = Mapping[str, Any]
INCONCLUSIVE = ReadBack("inconclusive")
ABSENT = ReadBack("absent")
REFUNDS_READ = 40
NEWEST_RETURNS_READ = 3


# --- before the first send ------------------------------------------------------------------------------------------


def build_guard(effect: Effect, *, version: str) -> WireRequest | None:
    """Return the read whose facts `read_back` will compare with, or nothing where none is needed."""
    match effect.target:
        case OpenReturn(order_ref):
            return operation.request("ReturnsBefore", {"order": order_ref}, version=version)
        case RemoveFromReturn() | ProcessReturn() | Restock() | Note():
            return build_readback(effect, version=version)
        case DraftExchange() | DraftFee() as target:
            return exchange.build_guard(target, version=version)
        case _:
            return None


def read_guard(effect: Effect, answer: WireAnswer, *, version: str) -> Mapping[str, object] | None:
    """Return the facts just before the first send, or nothing if the answer is of no use."""
    said = answers.read(answer, version=version)
    if said.trouble is not None:
        return None
    match effect.target:
        case OpenReturn():
            return _returns_before(said.data)
        case RemoveFromReturn():
            thing = one(said.data, "return")
            return verdict.held(thing) if thing else None
        case ProcessReturn():
            return _quantities(one(said.data, "return"))
        case Restock():
            return _level(said.data)
        case Note():
            order = one(said.data, "order")
            return {"note": order.get("note") or ""} if order else None
        case DraftExchange() | DraftFee():
            return exchange.read_guard(said.data, ship_to=effect.ship_to)
        case _:
            return {}


def _returns_before(data: Doc) -> Mapping[str, object] | None:
    order = one(data, "order")
    if not order or one(one(order, "returns"), "pageInfo").get("hasNextPage") is True:
        return None
    reasons = {
        text(row, "handle"): text(row, "id")
        for row in many(data, "returnReasonDefinitions")
        if row.get("deleted") is not True
    }
    return {"returns": [text(row, "id") for row in many(order, "returns")], "reasons": reasons}


def _quantities(thing: Doc) -> Mapping[str, object] | None:
    """Return processed units per return line and the reverse line of each return line."""
    lines = one(thing, "returnLineItems")
    if not thing or one(lines, "pageInfo").get("hasNextPage") is True:
        return None
    facts = verdict.opened(thing)
    rows = facts["lines"]
    assert isinstance(rows, list)
    return {
        "processed": {text(row, "id"): row.get("processedQuantity") for row in many(thing, "returnLineItems")},
        "reverse_refs": {row["return_line_ref"]: row["reverse_ref"] for row in rows if row["reverse_ref"]},
    }


def _level(data: Doc) -> Mapping[str, object] | None:
    level = one(one(data, "inventoryItem"), "inventoryLevel")
    row = next((row for row in many(level, "quantities") if row.get("name") == "available"), None)
    if row is None or not isinstance(row.get("quantity"), int):
        return None
    return {"available": row["quantity"], "updated_at": text(row, "updatedAt")}


# --- after silence --------------------------------------------------------------------------------------------------


def build_readback(effect: Effect, *, version: str) -> WireRequest:
    """Return the read that shows whether the effect happened."""
    match effect.target:
        case DraftExchange() | DraftFee() | OnDraft() | OnOrder() as target:
            return exchange.build_readback(effect, target, version=version)
        case OpenReturn(order_ref):
            name, variables = "NewestReturns", {"order": order_ref}
        case ProcessReturn(return_ref=ref) | RemoveFromReturn(ref) | OnReturn(ref):
            name, variables = "ReturnNow", {"id": ref}
        case RefundTender(order_ref):
            name, variables = "RefundsOfOrder", {"order": order_ref}
        case Restock(inventory_ref, location_ref):
            name, variables = "StockLevel", {"item": inventory_ref, "location": location_ref}
        case Tagging(object_ref):
            name, variables = "TagsOf", {"id": object_ref}
        case Note(order_ref):
            name, variables = "NoteOf", {"order": order_ref}
        case PushReturn() | OpenPage() | AuthoriseAgain() | CaptureCard() | ReleaseCard():
            raise AssertionError("that is done elsewhere")
    return operation.request(name, variables, version=version)


def read_back(effect: Effect, answer: WireAnswer, *, version: str) -> ReadBack:
    """Return what the read shows; anything that is not proof either way is inconclusive."""
    if isinstance(effect.target, DraftExchange | DraftFee | OnDraft | OnOrder):
        return exchange.read_back(effect, effect.target, answer, version=version)
    said = answers.read(answer, version=version)
    if said.trouble is not None:
        return ReadBack("inconclusive", said.trouble)
    match effect.target:
        case OpenReturn() as target:
            return _opened(effect, target, one(said.data, "order"))
        case ProcessReturn() as target:
            return _processed(effect, target, one(said.data, "return"))
        case RemoveFromReturn() as target:
            return _removed(effect, target, one(said.data, "return"))
        case OnReturn():
            return _on_return(effect, one(said.data, "return"))
        case RefundTender():
            return _refunded(effect, one(said.data, "order"))
        case Restock() as target:
            return _restocked(effect, target, said.data)
        case Tagging() as target:
            return _tagged(effect, target, one(said.data, "node"))
        case Note() as target:
            return _noted(effect, target, one(said.data, "order"))
        case PushReturn() | OpenPage() | AuthoriseAgain() | CaptureCard() | ReleaseCard():
            raise AssertionError("that is done elsewhere")


def _opened(effect: Effect, target: OpenReturn, order: Doc) -> ReadBack:
    """Ours carries our reference in its lines; without it, a new return of exactly our lines is doubtful."""
    before = effect.guard_before.get("returns")
    if not order or not isinstance(before, list):
        return INCONCLUSIVE
    newest = many(order, "returns")
    for thing in newest:
        rows = many(thing, "returnLineItems")
        notes = [text(row, name) or "" for row in rows for name in ("returnReasonNote", "customerNote")]
        if any(note.startswith(f"[{effect.reference}]") for note in notes):
            return _whole(effect, thing)
    new = [thing for thing in newest if text(thing, "id") not in before]
    if len(new) >= NEWEST_RETURNS_READ:
        return INCONCLUSIVE
    wanted = Counter({line.fulfilled_ref: line.quantity for line in target.lines})
    return INCONCLUSIVE if any(_units(thing) == wanted for thing in new) else ABSENT


def _units(thing: Doc) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in many(thing, "returnLineItems"):
        found[text(one(row, "fulfillmentLineItem"), "id") or ""] += int(row.get("quantity") or 0)
    return found


def _whole(effect: Effect, thing: Doc) -> ReadBack:
    """A return is there; its lines are needed to the last one."""
    cut = any(_cut(thing, name) for name in ("returnLineItems", "reverseFulfillmentOrders"))
    return INCONCLUSIVE if cut else ReadBack("present", verdict.done(effect, thing))


def _cut(thing: Doc, name: str) -> bool:
    return one(one(thing, name), "pageInfo").get("hasNextPage") is True


def _processed(effect: Effect, target: ProcessReturn, thing: Doc) -> ReadBack:
    before, now = effect.guard_before.get("processed"), _quantities(thing)
    if not isinstance(before, Mapping) or now is None:
        return INCONCLUSIVE
    after = now["processed"]
    assert isinstance(after, Mapping)
    wanted: Counter[str] = Counter()
    for line in target.lines:
        wanted[line.return_line_ref] += line.quantity
    grown = {ref: _difference(after.get(ref), before.get(ref)) for ref in wanted}
    if all(grown[ref] == units for ref, units in wanted.items()):
        return ReadBack("present", verdict.done(effect, thing))
    return ABSENT if all(units == 0 for units in grown.values()) else INCONCLUSIVE


def _removed(effect: Effect, target: RemoveFromReturn, thing: Doc) -> ReadBack:
    """Done where no more is there than shall stay, or the return is over; not done where all is as it was."""
    if not thing:
        return INCONCLUSIVE
    now, before = verdict.held(thing), effect.guard_before.get("quantities")
    after = now["quantities"]
    assert isinstance(after, Mapping)
    if now["status"] != "open" or all(after.get(line.return_line_ref, 0) <= line.quantity for line in target.lines):
        return ReadBack("present", verdict.done(effect, thing))
    return ABSENT if after == before else INCONCLUSIVE


def _difference(after: object, before: object) -> int | None:
    return after - before if isinstance(after, int) and isinstance(before, int) else None


def _on_return(effect: Effect, thing: Doc) -> ReadBack:
    status = text(thing, "status")
    if status is None:
        return INCONCLUSIVE
    if effect.kind in (EffectKind.APPROVE_RETURN, EffectKind.DECLINE_RETURN):
        return _decided(effect, thing, status)
    wanted = "CANCELED" if effect.kind is EffectKind.CANCEL_RETURN else "CLOSED"
    return ReadBack("present", verdict.done(effect, thing)) if status == wanted else ABSENT


def _decided(effect: Effect, thing: Doc, status: str) -> ReadBack:
    """A request is answered once, by us or by the merchant there: the same answer is ours, the other one refuses it."""
    if status == "REQUESTED":
        return ABSENT
    if (status in ("DECLINED", "CANCELED")) is not (effect.kind is EffectKind.DECLINE_RETURN):
        refused = Outcome(Verdict.REJECTED, far_id=text(thing, "id"), far_code=f"request_{status.lower()}")
        return ReadBack("present", refused)
    return _whole(effect, thing)


def _refunded(effect: Effect, order: Doc) -> ReadBack:
    """Find the refund whose note is our reference; its movements say how far the money is."""
    if not order:
        return INCONCLUSIVE
    rows = many(order, "refunds")
    ours = [row for row in rows if text(row, "note") == effect.reference]
    if len(ours) > 1:
        return ReadBack("inconclusive", Outcome(Verdict.UNKNOWN, far_code="several_with_our_reference"))
    if ours:
        return ReadBack("present", verdict.refund(ours[0]))
    return ABSENT if len(rows) < REFUNDS_READ else INCONCLUSIVE


def _restocked(effect: Effect, target: Restock, data: Doc) -> ReadBack:
    """Absent only if the level was not touched at all; present only if it grew by exactly our units."""
    now, before = _level(data), effect.guard_before
    grown = _difference(now["available"], before.get("available")) if now else None
    if now is None or grown is None:
        return INCONCLUSIVE
    if grown == target.quantity:
        facts = {"adjustment_ref": None, "available_after": now["available"]}
        return ReadBack("present", Outcome(Verdict.OK, result=facts))
    untouched = now["updated_at"] is not None and now["updated_at"] == before.get("updated_at")
    return ABSENT if grown == 0 and untouched else INCONCLUSIVE


def _tagged(effect: Effect, target: Tagging, thing: Doc) -> ReadBack:
    tags = thing.get("tags")
    if not isinstance(tags, list):
        return INCONCLUSIVE
    has = target.tag.casefold() in {tag.casefold() for tag in tags if isinstance(tag, str)}
    there = has if effect.kind is EffectKind.TAG else not has
    return ReadBack("present", verdict.done(effect, thing)) if there else ABSENT


def _noted(effect: Effect, target: Note, order: Doc) -> ReadBack:
    if not order:
        return INCONCLUSIVE
    there = note_line(effect, target) in (text(order, "note") or "").splitlines()
    return ReadBack("present", verdict.done(effect, order)) if there else ABSENT
