"""One return as mails tell of it: a jacket and one of two pairs of socks, bought with a code, paid with card and gift card."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from retour.core.letter import Front, Letter, ToldReturn
from retour.core.mail import MailKind
from retour.core.order import Capture, DiscountShare, Order, TenderKind
from retour.core.refund import Plan, RefundRequest, RefundTerms, RequestedLine, UnitRange, quote
from retour.core.rma import Decision, Question, Return, ReturnLine
from tests.core.builders import PLACED, a_ledger, a_line, an_order, both

AT = datetime(2026, 5, 19, 8, 30, tzinfo=UTC)
TENANT, STORE, RETURN = UUID(int=1), UUID(int=2), UUID(int=3)
END = AT + timedelta(days=7)
ASKED = Question(UUID(int=5), AT, END)
FRONT = Front(
    "Fjellhus", brand="#1f4d3a", contact_email="help@fjellhus.example",
    link="https://returns.fjellhus.example/returns/fjellhus/link?order=3&until=1&sign=abc",
)  # fmt: skip


def the_order(*, jacket: str = "Trail jacket") -> Order:
    first = a_line("L1", gross=11_610, tax=1_854)
    second = a_line("L2", q=2, gross=2_520, tax=402)
    share = lambda minor: (DiscountShare("SPRING10", both(minor)),)  # noqa: E731
    return an_order(
        replace(first, title=jacket, list_value=both(12_900), discounts=share(1_290)),
        replace(second, title="Merino socks", list_value=both(2_800), discounts=share(280)),
        captures=(
            Capture("G1", TenderKind.GIFT_CARD, "gift_card", 2_000, PLACED),
            Capture("C1", TenderKind.CARD, "stripe", 12_130, PLACED),
        ),
    )


def the_plan(order: Order, *, damaged: bool = False) -> Plan:
    jacket = UnitRange(1, 1, deduction_bp=4_000) if damaged else UnitRange(1, 1)
    asked = (RequestedLine("L1", (jacket,)), RequestedLine("L2", (UnitRange(1, 1),)))
    return quote(order, a_ledger(order), RefundRequest(asked, clamp=True), RefundTerms())


def a_return(decisions: tuple[str, str] = ("requested", "requested"), **more: Any) -> Return:
    turns = {name: more.pop(name) for name in ("asked", "send_by") if name in more}
    lines = tuple(
        ReturnLine(
            UUID(int=10 + n), ref, n, 1, "too_small", "refund_original", Decision(decision), claimed=((1, 1),),
            **more.get(ref, {}),
        )
        for n, (ref, decision) in enumerate(zip(("L1", "L2"), decisions, strict=True))
    )  # fmt: skip
    status = Decision(decisions[0])
    return Return(
        id=RETURN,
        number=10482,
        status=status,
        order_ref="O1",
        person_ref=None,
        currency="EUR",
        requested_at=AT,
        lines=lines,
        **turns,
    )


def a_letter(
    kind: MailKind, language: str = "en", *, rma: Return | None = None, front: Front = FRONT, order: Order | None = None,
    method: str = "own_carrier", damaged: bool = False, **secret: str,
) -> Letter:  # fmt: skip
    """Return a letter about the return, or one with a secret."""
    told = None
    if kind in DECIDED:
        order = order or the_order()
        paid = the_plan(order, damaged=damaged) if kind is MailKind.RETURN_REFUNDED else None
        told = ToldReturn(
            RETURN, UUID(int=4), method, rma or DECIDED[kind], order, (the_plan(order),), paid,
            question="Which size did you get?\nThe label says M.", lapsed=kind is MailKind.RETURN_EXPIRED,
            message="The seam is torn, as you say.\nKeep it.", message_photos=2,
        )  # fmt: skip
    return Letter(kind, TENANT, STORE, language, "Europe/Berlin", AT, front, "Ann Example", told, secret)


DECIDED = {
    MailKind.RETURN_REQUESTED: a_return(),
    MailKind.RETURN_APPROVED: a_return(("approved", "approved")),
    MailKind.RETURN_REJECTED: a_return(
        ("rejected", "approved"), L1={"message": "Sold as final sale on 2 May.\nWe said so on the page of the jacket."}
    ),
    MailKind.RETURN_RECEIVED: a_return(
        ("approved", "approved"), L1={"received": ((1, 1),)}, L2={"received": ((1, 1),)}
    ),
    MailKind.RETURN_INFO_NEEDED: a_return(asked=ASKED),
    MailKind.RETURN_REMINDER: a_return(("approved", "approved"), send_by=END),
    MailKind.RETURN_EXPIRED: a_return(("expired", "expired")),
    MailKind.RETURN_MESSAGE: a_return(("approved", "approved")),
    MailKind.RETURN_EDITED: a_return(),
    MailKind.RETURN_REFUNDED: a_return(
        ("resolved", "resolved"), L1={"received": ((1, 1),)}, L2={"received": ((1, 1),)}
    ),
}
SECRETS = {
    MailKind.STAFF_NOTICE: {
        "number": "R-10482", "shop": "Fjellhus", "news": "answered,noted", "whose": "yours",
        "link": "https://returns.fjellhus.example/dashboard/returns/R-10482",
    },
    MailKind.STORE_ALARM: {
        "what": "payments_stopped", "shop": "Fjellhus", "limit": "window_refunds", "allowed": "50", "window_minutes": "1",
        "link": "https://returns.fjellhus.example/dashboard/settings/payments",
    },
    MailKind.ONE_TIME_CODE: {"code": "482913"},
    MailKind.STAFF_INVITED: {
        "link": "https://returns.fjellhus.example/invitation/abc", "account": "Fjellhus AS", "invited_by": "Ana Berg"
    },
    MailKind.WITHDRAWAL_RECEIVED: {
        "name": "Mara Lindqvist", "number": "#1042", "contact": "mara@example.com", "goods": "the left sock\nand the cap",
        "at": "2026-05-12T13:04:00+00:00", "sha256": "cdfa0fbf235e51a28faf1b3b4542cd72a3072139dc1c243be01a5c54bbac8c7d",
    },
    MailKind.WITHDRAWAL_ANSWERED: {
        "number": "#1042", "at": "2026-05-12T13:04:00+00:00", "reason": "This order was placed in another shop.",
    },
}  # fmt: skip


def every_letter(language: str) -> list[Letter]:
    return [a_letter(kind, language, **SECRETS.get(kind, {})) for kind in MailKind]
