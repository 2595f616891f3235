"""What happens in one chaos run: an order, a return, who dies where, and how the shop misbehaves; all from a seed."""

import random
from dataclasses import dataclass, field
from typing import Any

_TX = ("before", "commit", "after")
_CALL = ("before", "torn", "waiting", "answering", "after")


def _transactions(doing: str, how_many: int) -> tuple[str, ...]:
    return tuple(f"{doing}#{n} {moment}" for n in range(1, how_many + 1) for moment in _TX)


def _calls(*operations: str) -> tuple[str, ...]:
    return tuple(f"{operation} {moment}" for operation in operations for moment in _CALL)


# Every boundary that an undisturbed return passes; a test holds the list against one that is only watched.
WEB = tuple(
    p for doing in ("request", "approve", "ship", "track", "receive", "inspect") for p in _transactions(doing, 1)
)
WORKER = _transactions("advance", 1)
MONEY = (
    *_transactions("settle", 2),
    *_calls("SuggestRefund", "CreateRefund"),
    *_transactions("refund_tender", 2),
)
STOCK = (*_calls("ReturnNow", "ProcessReturn"), *_transactions("process_return", 3))
OTHER = (
    *_calls("ReturnsBefore", "OpenReturn", "AddTag", "RemoveTag", "NoteOf", "WriteNote", "CloseReturn"),
    *(p for kind in ("tag", "untag", "close_return") for p in _transactions(kind, 2)),
    *(p for kind in ("open_return", "note") for p in _transactions(kind, 3)),  # what was there is read in between
)
POINTS = (*WEB, *WORKER, *MONEY, *STOCK, *OTHER)
# Passed only while something is read back.
RECOVERY = (
    *_calls("RefundsOfOrder", "ReturnNow"),
    *_transactions("refund_tender", 4),
    *_transactions("process_return", 4),
)

HOWS = (
    "429",
    "throttled",
    "500",
    "500_after",
    "failed_attempt",
    "html",
    "html_before",
    "slow",
    "timeout_after",
    "timeout_before",
    "truncated",
)
ROOTS = (
    "refundCreate",
    "returnProcess",
    "returnCreate",
    "returnClose",
    "tagsAdd",
    "orderUpdate",
    "order",
    "return",
    "*",
)
GRADES = ("sealed", "opened", "damaged")
# When the money is due; half of the returns are paid before anybody has judged their goods.
MOMENTS = ("inspected", "inspected", "inspected", "approved", "first_scan", "received")


@dataclass(frozen=True, slots=True)
class Kill:
    """Who is killed (`process`, `backend`, `postmaster`) at the nth passing of which point."""

    point: str
    nth: int = 1
    who: str = "process"


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `keys`: kept (far side and we trust them), forgotten (far side forgets, we do not trust), none."""

    seed: int
    number: int
    order: dict[str, Any]
    wishes: tuple[tuple[int, int], ...]
    batches: int
    keys: str
    kills: tuple[Kill, ...]
    mischief: tuple[dict[str, Any], ...]
    settings: dict[str, Any] = field(default_factory=dict)
    is_calm: bool = True
    has_rival: bool = False
    settle_on: str = "inspected"


def make(seed: int, number: int, *, kills_database: bool = False) -> Plan:
    """Return the run of that number; the same for the same seed."""
    chance = random.Random(f"{seed}:{number}")
    quantities = [chance.randint(1, 4) for _ in range(chance.randint(1, 2))]
    keys = chance.choice(("kept", "kept", "forgotten", "none"))
    kills = tuple(_kill(chance, index, kills_database=kills_database) for index in range(_how_many(chance)))
    return Plan(
        seed=seed,
        number=number,
        order=_order(chance, number, quantities),
        wishes=tuple((index, chance.choice((1, chance.randint(1, most)))) for index, most in enumerate(quantities)),
        batches=chance.choice((1, 1, 2)),
        keys=keys,
        kills=kills,
        mischief=tuple(_mischief(chance) for _ in range(chance.choice((0, 1, 1, 2, 2, 3)))),
        settings={
            "list_lag_s": chance.choice((0.0, 0.0, 0.05, 0.1)),
            "refund_pending": chance.choice((None, None, None, "SUCCESS")),
            "refund_pending_s": 0.1,
            "process_closes": chance.random() < 0.3,
            "refund_keys": chance.choice(("errors", "user_errors")),
            "key_window_s": 86_400.0 if keys == "kept" else 0.01,
        },
        is_calm=chance.random() < 0.7,
        has_rival=not kills_database and chance.random() < 0.2,
        settle_on=random.Random(f"moment {seed}:{number}").choice(MOMENTS),
    )


def _how_many(chance: random.Random) -> int:
    return chance.choices((1, 2, 3), (55, 30, 15))[0]


def _kill(chance: random.Random, index: int, *, kills_database: bool) -> Kill:
    group = chance.choices((MONEY, STOCK, WEB, WORKER, OTHER), (40, 20, 12, 8, 20))[0]
    if index and chance.random() < 0.3:
        group = RECOVERY
    if kills_database and index == 0:
        group = tuple(p for p in group if "#" in p or p.endswith("after"))
        return Kill(chance.choice(group), who=chance.choice(("postmaster", "postmaster", "backend")))
    return Kill(chance.choice(group), nth=chance.choice((1, 1, 1, 2)))


def _mischief(chance: random.Random) -> dict[str, Any]:
    where = chance.choice(ROOTS) if chance.random() < 0.6 else "refundCreate"
    how = chance.choice(HOWS)
    seconds = 0.1 if how in ("slow", "timeout_after", "timeout_before") else 0
    times, after = chance.choice((1, 1, 2)), 0 if where != "*" else chance.randint(0, 20)
    return {"where": where, "how": how, "times": times, "after": after, "seconds": seconds}


def _order(chance: random.Random, number: int, quantities: list[int]) -> dict[str, Any]:
    currency = chance.choice(("EUR", "EUR", "USD", "JPY", "KWD"))
    price = {"JPY": "1999", "KWD": "6.125"}.get(currency, "19.99")
    taxes = chance.choice(([["VAT", "0.19"]], []))
    lines = [
        {"sku": f"C{number}-{index}", "name": f"Thing {index}", "price": price, "quantity": quantity,
         "fulfilled": quantity, "taxes": taxes}
        for index, quantity in enumerate(quantities)
    ]  # fmt: skip
    order: dict[str, Any] = {"lines": lines, "currency": currency, "taxes_included": chance.random() < 0.7}
    if chance.random() < 0.4:
        order["order_discount"] = {"percent": "10", "code": "HELLO"}
    if chance.random() < 0.4:
        order["shipping"] = {"price": "5" if currency == "JPY" else "4.90", "taxes": taxes}
    if chance.random() < 0.2:
        order["payments"] = [{"gateway": "gift_card", "amount": "5"}, {"gateway": "shopify_payments"}]
    return order
