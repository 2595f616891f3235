"""Files and loose text over the API: looked at before it is done, and drafts for people."""

from typing import Annotated, Final

from msgspec import Meta

from retour.core.channel import Channel
from retour.doors.api.intake_shapes import IntakeOut, TextWish, intake_out
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Told
from retour.flows import intake as flow
from retour.store import intake as intakes
from retour.web.intake import ReturnHands
from retour.web.problem import Reason


class FileWish(Asked):
    """A file of returns, one line for each item; docs/intake.md has its columns."""

    csv: Annotated[str, Meta(min_length=1, max_length=900_000, pattern=NO_NUL)]


class RowOut(Told):
    """What becomes of one return of the file; `lines` are those of the file."""

    id: str
    lines: list[int]
    outcome: str
    number: str | None
    why: str | None
    objections: list[Reason]


class FileOut(Told):
    """What becomes of a file, return by return."""

    rows: list[RowOut]
    opened: int
    waiting: int
    refused: int


async def preview_import(call: Call, wish: FileWish) -> FileOut:
    """Say what would become of a file."""
    found = flow.read_file(wish.csv)
    rows = await flow.preview(call.db, call.vault, _source(call), found, hands=ReturnHands(call.policies), now=call.now)
    return _out(rows)


async def import_file(call: Call, wish: FileWish) -> FileOut:
    """Take a file in."""
    hands = ReturnHands(call.policies)
    rows = [
        await flow.import_one(call.db, call.vault, _source(call), one, hands=hands, now=call.now)
        for one in flow.read_file(wish.csv)
    ]
    return _out(rows)


async def send_text(call: Call, wish: TextWish) -> IntakeOut:
    """Take in what somebody wrote, as a draft."""
    source = flow.Source(call.tenant_id, call.store_id, f"text:{call.store_id}", Channel(wish.channel), call.actor)
    taken = await flow.take_text(
        call.db, call.vault, source, text=wish.text, reference=wish.reference, at=call.now,
        hands=ReturnHands(call.policies), now=call.now,
    )  # fmt: skip
    found = await intakes.get(call.db, taken.intake_id)
    assert found is not None, "it was just written"
    return intake_out(found)


def _source(call: Call) -> flow.Source:
    return flow.source_of_files(tenant_id=call.tenant_id, store_id=call.store_id, actor=call.actor)


def _out(rows: list[flow.Row]) -> FileOut:
    shown = [
        RowOut(
            id=row.id, lines=list(row.lines), outcome=row.outcome, why=row.why,
            number=None if row.number is None else f"R-{row.number}",
            objections=[Reason(code=o.code, message=o.message, field=o.field) for o in row.objections],
        )
        for row in rows
    ]  # fmt: skip
    count = {outcome: sum(row.outcome == outcome for row in rows) for outcome in ("opened", "parked", "refused")}
    return FileOut(rows=shown, opened=count["opened"], waiting=count["parked"], refused=count["refused"])


OPERATIONS: Final = (
    Operation(
        id="preview_import", method="POST", path="/intake-imports/preview", tag="Intakes", body=FileWish, answer=FileOut,
        needs_store=True, writes=False, summary="See what would become of a file of returns", do=preview_import,
    ),
    Operation(
        id="import_returns", method="POST", path="/intake-imports", tag="Intakes", body=FileWish, answer=FileOut,
        status=201, needs_store=True, summary="Import a file of returns", do=import_file,
        description="Each return of the file stands or falls by itself; a file that is sent again changes nothing.",
    ),
    Operation(
        id="send_text", method="POST", path="/intake-texts", tag="Intakes", body=TextWish, answer=IntakeOut, status=201,
        needs_store=True, summary="Send in what a customer wrote", do=send_text,
        description="Becomes a draft that a person checks; the same reference again takes the place of the text before.",
    ),
)  # fmt: skip
