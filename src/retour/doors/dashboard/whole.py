"""One return whole, as its page and its confirm pages read it, and what the reader may do to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.account import Role
from retour.core.effect import CARD_KINDS, EXCHANGE_KINDS, MONEY_KINDS, EffectState
from retour.core.hold import Hold, is_decidable
from retour.core.label import standing
from retour.core.money import Money
from retour.core.policy.outcome import ResolutionKind
from retour.core.promise import Kept, kept
from retour.core.refund import Plan
from retour.core.repair import KINDS, REPAIR
from retour.core.resolution import Resolution, wording_of
from retour.core.rma import Act, ReturnLine, Stage, count, minus, stage_of
from retour.core.rma.acts import TABLE
from retour.core.rma.address import may_move
from retour.core.rma.axes import Axes, Standing, answers_for, axes
from retour.core.rma.label import LabelState
from retour.core.rma.moves import OPEN, UNDECIDED, Decision
from retour.core.rma.state import SettlementState
from retour.core.why import Reason, asked, said
from retour.doors.dashboard import exchange_choices, words
from retour.doors.dashboard.told import word
from retour.flows import fee as fee_flow
from retour.store import article as articles
from retour.store import card_hold as card_holds
from retour.store import effect as effects
from retour.store import event, fraud, views
from retour.store import exchange_order as exchange_orders
from retour.store import order as orders
from retour.store import photo as photos
from retour.store import picture as pictures
from retour.store import refund as refunds
from retour.store import resolution as resolutions
from retour.store import rma as returns
from retour.store import second as seconds
from retour.store import why as reasons
from retour.store.article import Choice
from retour.store.db import Db, Record
from retour.store.desk import names, page
from retour.store.desk.page import Difference, Head, Trail
from retour.store.effect import EffectRow
from retour.store.event import Event
from retour.store.exchange_order import ExchangeOrder
from retour.store.fraud import Risk
from retour.store.order import OrderRecord
from retour.store.photo import PhotoView
from retour.store.refund import SettlementRow
from retour.store.rma import ReturnRecord, attention, merging, questions
from retour.store.rma.attention import Marks
from retour.store.rma.merging import Duplicate
from retour.store.rma.questions import InfoRequest
from retour.store.second import Word
from retour.store.views import ReturnParts
from retour.web.reader import Reader
from retour.web.session import DESK

# What a desk may do by the stage alone.
_BY_STAGE: Final = {"ask": Act.ASK, "answer": Act.ANSWER, "edit": Act.EDIT, "reopen": Act.REOPEN, "lost": Act.LOSE}
_PAID: Final = frozenset({SettlementState.SETTLED, SettlementState.HANDED_OVER})


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything about one return that its page shows."""

    record: ReturnRecord
    summary: Record
    parts: ReturnParts
    head: Head
    order: OrderRecord
    settlements: tuple[SettlementRow, ...]
    effects: tuple[EffectRow, ...]
    trails: Mapping[UUID, Trail]
    events: tuple[Event, ...]
    names: Mapping[str, str]
    differences: tuple[Difference, ...]
    promised: tuple[Plan, ...]
    pictures: Mapping[str, str]
    records: Mapping[str, Resolution]
    shop_language: str
    questions: tuple[InfoRequest, ...]
    photos: tuple[PhotoView, ...]
    reasons: tuple[Reason, ...]
    marks: Marks
    members: Mapping[UUID, str]
    duplicates: tuple[Duplicate, ...]
    risk: Risk | None = None
    exchanges: tuple[ExchangeOrder, ...] = ()  # the new orders that replace its goods
    wanted: Mapping[UUID, Choice] = field(default_factory=dict)  # the article of each line that is exchanged, if named
    cards: tuple[Hold, ...] = ()  # what was held on a card for it, newest first
    seconds: tuple[Word, ...] = ()  # what second persons said about the payment that waits for one

    @property
    def number(self) -> str:
        """Return the public number."""
        return f"R-{self.record.rma.number}"

    @property
    def url(self) -> str:
        """Return the address of the page."""
        return f"/dashboard/returns/{self.number}"

    @property
    def blocked_actor(self) -> str | None:
        """Return whom the return waits for."""
        found: str | None = self.summary["blocked_actor"]
        return found

    @property
    def blocked_code(self) -> str | None:
        """Return why the return waits."""
        found: str | None = self.summary["blocked_code"]
        return found

    @property
    def blocked_since(self) -> datetime | None:
        """Return since when the return waits."""
        found: datetime | None = self.summary["blocked_since"]
        return found

    @property
    def promised_total(self) -> Money:
        """Return what was promised."""
        worth = sum(plan.total.presentment + plan.bonus for plan in self.promised)
        return Money(worth, self.record.rma.currency)

    @property
    def paid_total(self) -> Money:
        """Return what was paid so far."""
        done = (s for s in self.settlements if s.state in _PAID and not s.awaits_report)
        return Money(sum(s.total_minor + s.plan.bonus for s in done), self.record.rma.currency)

    @property
    def kept(self) -> Kept:
        """Return what was promised beside what is paid."""
        return kept(self.record.rma, self.promised, refunds.plans_of(self.settlements))

    @property
    def axes(self) -> Axes:
        """Return where the return stands."""
        s = self.summary
        return axes(
            Standing(
                status=self.record.rma.status,
                blocked_actor=s["blocked_actor"],
                blocked_code=s["blocked_code"],
                parcels=len(self.parts.shipments) + sum(b.state is LabelState.MADE for b in self.record.rma.labels),
                in_transit_at=s["in_transit_at"],
                delivered_at=s["delivered_at"],
                received_at=s["received_at"],
                inspected_at=s["inspected_at"],
                settlements=[(x.state, x.comparison) for x in self.settlements],
            )
        )

    def title(self, line_ref: str) -> str:
        """Return what an order line is called."""
        found = self.order.order.line(line_ref)
        return found.title if found else line_ref

    def picture(self, line_ref: str) -> str | None:
        """Return the address of a line's picture, if one is kept."""
        found = self.order.order.line(line_ref)
        return self.pictures.get(found.image_url) if found and found.image_url else None

    @property
    def question(self) -> InfoRequest | None:
        """Return what waits for the shopper's answer, if anything does."""
        return next((q for q in self.questions if q.closed_at is None), None)

    def undecided(self) -> list[ReturnLine]:
        """Return the lines that wait for a decision."""
        return [line for line in self.record.rma.lines if line.decision in UNDECIDED]

    def expected(self) -> list[tuple[ReturnLine, int]]:
        """Return the approved lines with units still on their way, and how many."""
        open_lines = (line for line in self.record.rma.lines if line.decision is Decision.APPROVED and not line.kept)
        lines = [(line, outstanding(line)) for line in open_lines]
        return [(line, n) for line, n in lines if n]

    def uninspected(self) -> list[tuple[ReturnLine, int]]:
        """Return the lines with units that are here without a verdict, and how many."""
        lines = [(line, count(minus(line.received, line.inspected))) for line in self.record.rma.lines]
        return [(line, n) for line, n in lines if n and line.decision in OPEN]

    def unstocked(self) -> list[UUID]:
        """Return the inspections whose units the warehouse has still to put back."""
        return [i.id for i in self.record.rma.inspections() if i.disposition.value == "restock" and not i.restocked]

    def disputed(self) -> SettlementRow | None:
        """Return the settlement whose amount differs from the platform's, if one waits for that."""
        return next(
            (s for s in self.settlements if s.comparison == "differs" and s.state is SettlementState.QUOTED), None
        )

    def unseconded(self) -> SettlementRow | None:
        """Return the settlement that waits for a second person, if one does."""
        waits = (s for s in self.settlements if s.second_at is not None and s.state is SettlementState.QUOTED)
        return next(waits, None)

    def refused_money(self) -> SettlementRow | None:
        """Return the settlement that failed, if one did."""
        return next((s for s in self.settlements if s.state is SettlementState.FAILED), None)

    def refused_call(self) -> EffectRow | None:
        """Return the newest call of its reference that failed and moves no money, if there is one."""
        newest = {(e.kind, e.business_ref): e for e in sorted(self.effects, key=lambda e: e.seq)}
        others = MONEY_KINDS | EXCHANGE_KINDS | CARD_KINDS
        return next((e for e in newest.values() if e.state is EffectState.FAILED and e.kind not in others), None)

    def unreported(self) -> SettlementRow | None:
        """Return the settlement that somebody has carried out outside and nobody has reported on, if there is one."""
        ours = {s.id for s in self.record.rma.settlements if s.exchange is not None and s.exchange.is_under_way}
        return next((s for s in self.settlements if s.awaits_report and s.id not in ours), None)

    def under_repair(self) -> SettlementRow | None:
        """Return the repair or replacement that waits for staff, if there is one."""
        return next((s for s in self.settlements if s.awaits_report and s.resolution in KINDS), None)

    def reason_name(self, reader: Reader, code: str) -> str:
        """Return a reason as the merchant calls it, else in our words."""
        own = next((one for one in self.reasons if one.code == code), None)
        return own.name(reader.language, self.shop_language) if own else word(reader, words.REASONS, code)

    def answer_of(self, reader: Reader, code: str, question: str, answer: str) -> tuple[str, str] | None:
        """Return (question, answer) of what a reason or its group asks in words, or nothing if neither asks it."""
        own = next((one for one in self.reasons if one.code == code), None)
        above = next((one for one in self.reasons if own and one.id == own.parent_id), None)
        ask = next((one for one in (asked(own, above) if own else ()) if one.id == question), None)
        if ask is None:
            return None
        chosen = next((choice.texts for choice in ask.choices if choice.value == answer), None)
        told = said(chosen, reader.language, self.shop_language) if chosen else answer
        return said(ask.texts, reader.language, self.shop_language), told

    def resolution_name(self, reader: Reader, kind: str, ref: str | None) -> str:
        """Return what the merchant calls a resolution, else what it usually is called."""
        own = wording_of(self.records, ref, language=reader.language, default=self.shop_language)
        return own.name if own else word(reader, words.RESOLUTIONS, kind)

    def parked(self) -> EffectRow | None:
        """Return the call that waits for a person, if there is one."""
        return next((e for e in self.effects if e.parked_at is not None and e.settled_at is None), None)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the reader may do to a return as it stands, by the names of the confirm pages."""

    acts: frozenset[str]

    def __contains__(self, act: str) -> bool:
        return act in self.acts


def outstanding(line: ReturnLine) -> int:
    """Return how many units of a line have not arrived."""
    return count(minus(line.claimed, line.received))


def allowed(whole: Whole, role: Role) -> Allowed:
    """Return what somebody of that role may do to a return now; the flows decide again."""
    acts = {"note"}
    is_desk, is_owner = role in DESK, role is Role.OWNER
    acts |= {"attend"} if is_desk else set()
    is_open = whole.record.rma.status in OPEN
    if whole.expected():
        acts.add("receive")
    if whole.uninspected():
        acts.add("inspect")
    if whole.unstocked() and whole.head.restock_master == "warehouse":
        acts.add("restocked")
    if is_desk and whole.undecided():
        acts |= {"approve", "reject"}
    if is_desk and is_open and whole.duplicates:
        acts.add("merge")
    if is_desk and is_open:
        acts.add("release" if whole.record.rma.held else "hold")
    if is_desk:
        acts |= {name for name, act in _BY_STAGE.items() if isinstance(TABLE[act][stage_of(whole.record.rma)], Stage)}
    if is_desk and may_move(whole.record.rma):
        acts.add("address")
    if is_desk and any(outstanding(line) for line in whole.record.rma.lines if line.decision in OPEN):
        acts.add("cancel")
    if is_desk and (is_open or whole.refused_money() is not None):
        acts.add("waive-fees")
    if is_desk and whole.refused_money() is not None:
        acts.add("pay-again")
    if is_desk and whole.cards and is_decidable(whole.cards[0]):
        acts.add("card")
    acts |= exchange_choices.acts(whole.record.rma.lines, whole.exchanges) if is_desk else set()
    acts |= {"fee-decide"} if is_desk and fee_flow.choices(whole.record.rma.fee) else set()
    if is_desk and whole.unreported() is not None:
        acts |= {"report", "report-failed"}
    repair = whole.under_repair()
    if repair is not None:
        acts |= {"send-back"} | ({"begin-repair"} if repair.begun_at is None and repair.resolution == REPAIR else set())
        acts |= {"refund-instead"} if is_desk else set()
    if is_open and any(line.decision is Decision.APPROVED and not line.kept for line in whole.record.rma.lines):
        acts.add("parcel")
    if is_desk and any(label.state is LabelState.FAILED for label in standing(whole.record.rma)):
        acts |= {"label-again", "label-without"}
    if is_desk and whole.unseconded() is not None:
        acts |= {"second", "second-refuse"}
    if is_owner and whole.disputed() is not None:
        acts.add("accept")
    if is_owner and whole.parked() is not None:
        acts.add("look-again")
    if is_owner and whole.refused_call() is not None:
        acts.add("try-again")
    return Allowed(frozenset(acts))


def can_act(whole: Whole, role: Role) -> bool:
    """Return whether the return waits for somebody in whose place this role may act."""
    return whole.blocked_actor is not None and whole.blocked_actor in answers_for(role)


async def read_whole(db: Db, rma_id: UUID) -> Whole | None:
    """Return one return whole, or nothing."""
    record = await returns.load(db, rma_id)
    summary = await views.one_return(db, rma_id)
    parts = await views.parts_of_return(db, rma_id)
    if record is None or summary is None or parts is None:
        return None
    order, marks = await orders.load(db, record.order_id), await attention.marks(db, rma_id)
    assert order is not None, "a return has its order"
    assert marks is not None, "and its marks"
    settlements = tuple(await refunds.list_of_rma(db, rma_id))
    swaps = any(line.resolution == ResolutionKind.EXCHANGE for line in record.rma.lines)
    waiting = next((s.id for s in settlements if s.second_at is not None), None)
    return Whole(
        record=record,
        summary=summary,
        parts=parts,
        head=await page.head(db, rma_id),
        order=order,
        settlements=settlements,
        effects=tuple(await effects.list_of_rma(db, rma_id)),
        trails=await page.trails(db, rma_id),
        events=tuple(await event.of_resource(db, resource_kind="return", resource_id=rma_id)),
        names=await page.names(db),
        differences=await page.differences(db, rma_id),
        promised=msgspec.convert(parts.promised["plans"], tuple[Plan, ...]),
        pictures=await pictures.paths(db, urls=[line.image_url for line in order.order.lines]),
        records=await resolutions.names(db, record.store_id),
        shop_language=await resolutions.default_language(db, record.store_id),
        questions=tuple(await questions.of_return(db, rma_id)),
        exchanges=tuple(await exchange_orders.list_of_rma(db, rma_id)) if swaps else (),
        wanted=await articles.chosen(db, rma_id) if swaps else {},
        cards=tuple(await card_holds.list_of_rma(db, rma_id)) if record.rma.card is not None else (),
        seconds=tuple(await seconds.said(db, waiting)) if waiting else (),
        risk=await fraud.read(db, rma_id),
        photos=tuple(await photos.list_of_return(db, rma_id)),
        reasons=tuple(await reasons.of_store(db, record.store_id)),
        marks=marks,
        members=await names.members(db),
        duplicates=await merging.duplicates(db, order_id=record.order_id, but=rma_id),
    )
