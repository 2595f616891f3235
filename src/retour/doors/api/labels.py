"""Labels over the API: how the label of each parcel stands, its files, and what to do about one that failed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Meta

from retour.core.errors import Refused
from retour.core.label import LabelContent, standing
from retour.core.look import Look
from retour.doors.api.explanations import readers
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import Asked, Nothing, Told
from retour.doors.api.summaries import MISSING, ReturnOut, check_store, summary
from retour.flows import label as flow
from retour.store import label as labels
from retour.store import look as looks
from retour.store import policy
from retour.store import rma as returns
from retour.store.rma import ReturnRecord
from retour.web.labels import MEDIA, LabelFile, label_file
from retour.web.reader import Reader


class LabelQuery(Asked):
    """Which parcel (the first if none is named), and in which language; the store's own if none is named."""

    parcel: Annotated[int, Meta(ge=1, le=1_000, description="Which parcel, counted from 1.")] = 1
    language: Annotated[Literal["en", "de", "ar"], Meta(description="The language of the label.")] | None = None


class LabelOut(Told):
    """The label of one parcel; `problem` says why it failed, `destination` names the return address if not the default."""

    id: UUID
    parcel: int
    method: str
    destination: str | None
    state: str
    problem: str | None
    at: datetime
    line_ids: list[UUID]


class LabelList(Told):
    """The labels of a return, by parcel."""

    items: list[LabelOut]


@dataclass(frozen=True, slots=True)
class Found:
    """What a file needs once the transaction is over."""

    content: LabelContent
    look: Look | None
    reader: Reader


async def list_labels(call: Call, _: None) -> LabelList:
    """Return the labels of a return."""
    return LabelList(
        items=[
            LabelOut(
                id=b.id, parcel=b.parcel, method=b.method, destination=b.destination, state=b.state.value,
                problem=b.problem, at=b.at, line_ids=list(b.line_ids),
            )
            for b in standing((await _own(call)).rma)
        ]
    )  # fmt: skip


async def retry_labels(call: Call, _: Nothing) -> ReturnOut:
    """Make the labels that failed once more."""
    await check_store(call)
    await flow.try_again(call.db, rma_id=call.resource_id, actor=call.actor, now=call.now)
    return await summary(call, call.resource_id)


async def waive_labels(call: Call, _: Nothing) -> ReturnOut:
    """Go on without the labels that failed."""
    await check_store(call)
    await flow.go_on_without(call.db, rma_id=call.resource_id, actor=call.actor, now=call.now)
    return await summary(call, call.resource_id)


async def find_label(call: Call, query: LabelQuery) -> Found:
    """Return what is printed for a parcel; raise Refused(label_not_found) while there is nothing to print."""
    record = await _own(call)
    ret = record.rma
    label = next((b for b in standing(ret) if b.parcel == query.parcel), None)
    made = await labels.contents(call.db, call.vault, ret.id, only=[label.id]) if label else []
    if not made:
        raise Refused("label_not_found", "there is no label for that parcel (yet)")
    store, look = await policy.context(call.db, record.store_id), await looks.get(call.db, record.store_id)
    assert store is not None, "a return has its store"
    language = query.language or (look.default_language if look else "en")
    return Found(made[0], look, readers().make(language, timezone=store.timezone, now=call.now))


async def _own(call: Call) -> ReturnRecord:
    record = await returns.load(call.db, call.resource_id)
    if record is None or call.store not in (None, record.store_id):
        raise Refused(MISSING, "there is no such return")
    return record


async def _file(found: Found, *, kind: LabelFile) -> bytes:
    return await label_file(found.content, kind, look=found.look, reader=found.reader)


def _paper(kind: LabelFile) -> Callable[[Any], Awaitable[bytes]]:
    return partial(_file, kind=kind)


_FILES: Final = (
    ("get_label_a6", "a6.pdf", LabelFile.A6, "Read a label as a PDF of A6"),
    ("get_label_4x6", "4x6.pdf", LabelFile.INCHES, "Read a label as a PDF of 4 by 6 inches"),
    ("get_label_zpl", "label.zpl", LabelFile.ZPL, "Read a label as ZPL II for 203 dots per inch"),
    ("get_label_qr_png", "qr.png", LabelFile.QR_PNG, "Read the QR code of a return as a PNG"),
    ("get_label_qr_svg", "qr.svg", LabelFile.QR_SVG, "Read the QR code of a return as an SVG"),
    ("get_packing_slip", "packing-slip.pdf", LabelFile.SLIP, "Read a packing slip as a PDF"),
)
OPERATIONS: Final = (
    Operation(
        id="list_labels", method="GET", path="/returns/{id}/labels", tag="Labels", answer=LabelList, missing=MISSING,
        summary="List the labels of a return", do=list_labels,
        description="One for each parcel: lines that go to different places go in different parcels.",
    ),
    Operation(
        id="retry_labels", method="POST", path="/returns/{id}/labels/retry", tag="Labels", body=Nothing,
        answer=ReturnOut, missing=MISSING, summary="Make the labels that failed once more", do=retry_labels,
    ),
    Operation(
        id="waive_labels", method="POST", path="/returns/{id}/labels/waive", tag="Labels", body=Nothing,
        answer=ReturnOut, missing=MISSING, summary="Go on without the labels that failed", do=waive_labels,
        description="The shopper is told to send the goods with a carrier of their own choice.",
    ),
    *(
        Operation(
            id=id_, method="GET", path=f"/returns/{{id}}/labels/{name}", tag="Labels", query=LabelQuery,
            missing=MISSING, summary=text, do=find_label, paper=_paper(kind), media=MEDIA[kind],
        )
        for id_, name, kind, text in _FILES
    ),
)  # fmt: skip
