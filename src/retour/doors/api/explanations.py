"""The money of a return explained as a paper: the rows of the plans, in a reader's language."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Final, Literal

from msgspec import Meta

from retour.core.errors import Refused
from retour.core.look import Look
from retour.core.promise import kept
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import Asked
from retour.store import look as looks
from retour.store import order as orders
from retour.store import policy
from retour.store import refund as refunds
from retour.store import resolution as resolutions
from retour.store import rma as returns
from retour.web.explanation import Account, explanation_pdf
from retour.web.reader import Reader, Readers
from retour.web.resolutions import beside_refunds, names_of
from retour.web.texts import Texts

MISSING: Final = "return_not_found"


class PaperQuery(Asked):
    """In which language the paper is written; the store's own if none is named."""

    language: Annotated[Literal["en", "de", "ar"], Meta(description="The language of the paper.")] | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """What a paper needs once the transaction is over."""

    account: Account
    look: Look | None
    reader: Reader


async def explain_return(call: Call, query: PaperQuery) -> Explained:
    """Return what the paper tells."""
    record = await returns.load(call.db, call.resource_id)
    if record is None or call.store not in (None, record.store_id):
        raise Refused(MISSING, "there is no such return")
    order, store = await orders.load(call.db, record.order_id), await policy.context(call.db, record.store_id)
    assert order is not None, "a return has its order"
    assert store is not None, "a return has its store"
    look = await looks.get(call.db, record.store_id)
    promised = await returns.promised(call.db, record.rma.id)
    paid = refunds.plans_of(await refunds.list_of_rma(call.db, record.rma.id))
    language = query.language or (look.default_language if look else "en")
    reader = readers().make(language, timezone=store.timezone, now=call.now)
    told = kept(record.rma, promised, paid)
    records = await resolutions.names(call.db, record.store_id)
    outside = names_of(
        beside_refunds(record.rma.lines), records, reader, default=look.default_language if look else "en"
    )
    return Explained(Account(f"R-{record.rma.number}", order.order, promised, paid, told, outside), look, reader)


async def _paper(found: Explained) -> bytes:
    return await explanation_pdf(found.account, look=found.look, reader=found.reader)


@lru_cache(maxsize=1)
def readers() -> Readers:
    """Return the languages that papers are written in."""
    return Readers(Texts.load())


OPERATIONS: Final = (
    Operation(
        id="explain_return", method="GET", path="/returns/{id}/explanation.pdf", tag="Money", query=PaperQuery,
        missing=MISSING, summary="Read the money of a return as a PDF", do=explain_return, paper=_paper,
        description="The same rows as `GET /returns/{id}/settlements` tells as data.",
    ),
)  # fmt: skip
