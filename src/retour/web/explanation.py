"""The money of one return as a paper: what was promised, what is paid, and every cent between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response

from retour.core.brand import DEFAULT, palette
from retour.core.look import Look
from retour.core.money import Money
from retour.core.order import Order
from retour.core.promise import Kept
from retour.core.refund import Plan
from retour.web import papers
from retour.web.differences import differences
from retour.web.explained import apart, explained
from retour.web.parts import MoneyRow
from retour.web.reader import Reader


@dataclass(frozen=True, slots=True)
class Account:
    """What a paper tells of one return; `paid` are the plans that are paid, or to be paid.

    `outside` is what the shopper gets instead of money on a payment, if it is something else.
    """

    number: str
    order: Order
    promised: Sequence[Plan]
    paid: Sequence[Plan]
    told: Kept
    outside: str | None = None


async def explanation_pdf(account: Account, *, look: Look | None, reader: Reader) -> bytes:
    """Return the explanation as a PDF in the reader's language; raise Refused(paper_not_ready)."""
    logo = look.logo.content if look and look.logo else None
    return await papers.render("explanation", explanation_data(account, look=look, reader=reader), logo=logo)


def as_file(content: bytes, number: str) -> Response[bytes]:
    """Return a paper as the answer of a page: shown by the browser, kept by nobody in between."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{number}.pdf"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type="application/pdf", headers=headers)


def explanation_data(account: Account, *, look: Look | None, reader: Reader) -> dict[str, Any]:
    """Return what the paper shows, as plain data."""
    say, order = reader.say, account.order
    name = look.name if look else None
    number, called = apart(account.number, reader), apart(order.name, reader)
    tables = []
    if account.paid:
        paid = explained(account.paid, order, reader, outside=account.outside)
        tables.append(_table(say("How your refund is calculated"), paid, reader))
        changed = differences(account.told, order, reader)
        if changed:
            tables.append(_table(say("Promised and paid"), changed, reader))
    else:
        said = explained(account.promised, order, reader, outside=account.outside)
        tables.append(_table(say("If everything arrives as you described it."), said, reader))
    return {
        "language": reader.language,
        "direction": reader.dir,
        "colour": palette((look.brand_hex if look else None) or DEFAULT).light.text,
        "shop": name or "",
        "title": say("Return %(number)s: your money explained", number=number),
        "about": say("Order %(order)s at %(shop)s", order=called, shop=apart(name, reader)) if name else called,
        "dated": reader.moment(reader.now),
        "footer": say("Return %(number)s, order %(order)s", number=number, order=called),
        "tables": tables,
    }


def _table(title: str, rows: Sequence[MoneyRow], reader: Reader) -> dict[str, Any]:
    return {"title": title, "rows": [_row(row, reader) for row in rows], "closes": closes(rows, reader)}


def closes(rows: Sequence[MoneyRow], reader: Reader) -> str:
    """Return the sentence that the rows of a table add up to its total; the caller's rows do."""
    total = next(row.amount for row in rows if row.kind == "paid")
    assert total is not None, "a total is an amount"
    has_subtotal = any(row.kind == "sum" for row in rows)
    first = rows[0].kind == "sum"
    added = sum(
        row.amount.minor for n, row in enumerate(rows)
        if row.amount and (row.kind in ("item", "less") or (first and has_subtotal and n == 0))
    )  # fmt: skip
    assert added == total.minor, "the rows of an explanation add up to its total"
    return reader.say(
        "All rows together: %(amount)s.", amount=apart(reader.amount(Money(added, total.currency)), reader)
    )


def _row(row: MoneyRow, reader: Reader) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "label": str(row.label),
        "amount": reader.amount(row.amount) if row.amount else "",
        "notes": [str(note) for note in row.notes],
    }
