"""Bringing returns in by hand: a file, looked at before it is done, and a message that somebody pastes."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.channel import Channel
from retour.core.errors import Refused
from retour.core.intake.table import COLUMNS, ITEM_COLUMNS
from retour.doors.dashboard import intake_words as own
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import store_of
from retour.flows import intake as flow
from retour.store.db import Db
from retour.web.forms import Form, FormErrors, read_form
from retour.web.intake import ReturnHands
from retour.web.pages import see
from retour.web.reader import Reader
from retour.web.session import DESK

PATH: Final = "/dashboard/intakes"
MOST_BYTES: Final = 1_000_000
FORM_BYTES: Final = 4 * MOST_BYTES  # as a form spells it


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_OUTCOMES: Final = {
    "opened": _("becomes a return"),
    "parked": _("waits for a person"),
    "refused": _("cannot be read"),
    "unchanged": _("known already"),
    "stale": _("known already, and newer"),
    "followed": _("moves its return on"),
    "not_moved": _("known already; the move is not allowed"),
    "dismissed": _("dismissed before"),
}


def import_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the page with a file and a message, and of what follows from each."""
    return [
        page(desk, f"{PATH}/import", _page, DESK),
        form(desk, f"{PATH}/import", _preview, DESK),
        form(desk, f"{PATH}/import/apply", _apply, DESK),
        form(desk, f"{PATH}/import/text", _text, DESK),
    ]


async def _page(seen: Visit) -> Response[Any]:
    return await _shown(seen, Form({}), FormErrors())


async def _shown(seen: Visit, sent: Form, errors: FormErrors) -> Response[Any]:
    return await seen.page(
        "dashboard/intake_import.html", current="intakes", status=422 if errors else 200, form=sent, errors=errors,
        columns=[*COLUMNS, *ITEM_COLUMNS],
    )  # fmt: skip


async def _preview(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, FORM_BYTES), FormErrors()
    uploads = sent.uploads("file")
    raw = await uploads[0].read() if uploads else b""
    text = sent.text("csv")
    try:
        text = raw[: MOST_BYTES + 1].decode("utf-8-sig") if raw else text
        rows = await _rows(seen, text, apply=False)
    except (UnicodeDecodeError, Refused) as no:
        said = no.message if isinstance(no, Refused) else seen.reader.say("The file is not text in UTF-8")
        errors.add("file", said)
        return await _shown(seen, sent, errors)
    return await _results(seen, rows, text, done=False)


async def _apply(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request, FORM_BYTES)
    text = sent.text("csv")
    return await _results(seen, await _rows(seen, text, apply=True), text, done=True)


async def _rows(seen: Visit, text: str, *, apply: bool) -> Sequence[flow.Row]:
    if not text.strip():
        raise Refused("file_invalid", seen.reader.say("Choose a file"), field="file")
    if len(text) > MOST_BYTES:
        raise Refused("file_too_long", seen.reader.say("The file is larger than 1 MB"), field="file")
    found, hands = flow.read_file(text.replace("\r\n", "\n")), ReturnHands(seen.desk.policies)
    vault, database, tenant_id = seen.desk.vault, seen.desk.database, seen.staff.tenant_id
    async with database.tx(tenant_id) as db:
        store = await store_of(db, seen)
        source = flow.source_of_files(tenant_id=tenant_id, store_id=store.id, actor=seen.staff.actor)
        if not apply:
            return await flow.preview(db, vault, source, found, hands=hands, now=seen.now)

    rows = []
    for one in found:

        async def work(db: Db, one: Any = one) -> flow.Row:
            return await flow.import_one(db, vault, source, one, hands=hands, now=seen.now)

        rows.append(await database.run(tenant_id, work))
    return rows


async def _results(seen: Visit, rows: Sequence[flow.Row], text: str, *, done: bool) -> Response[Any]:
    reader = seen.reader
    return await seen.page(
        "dashboard/intake_results.html",
        current="intakes",
        done=done,
        csv=text,
        rows=[
            (
                row,
                reader.say(_OUTCOMES[row.outcome]),
                _why(reader, row),
                ", ".join(reader.number(n) for n in row.lines[:9]),
            )
            for row in rows
        ],
        useful=sum(row.outcome not in ("refused", "unchanged", "stale", "dismissed") for row in rows),
    )


def _why(reader: Reader, row: flow.Row) -> str:
    if row.objections:
        return "; ".join(f"{one.field}: {one.message}" for one in row.objections[:3])
    known = own.WHY.get(row.why or "")
    return reader.say(known[0]) if known else row.why or ""


async def _text(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request), FormErrors()
    text = sent.text("text")[:50_000]
    if not text.strip():
        errors.add("text", seen.reader.say("Paste what was written"))
        return await _shown(seen, sent, errors)
    reference = sent.text("reference")[:200] or hashlib.sha256(text.encode()).hexdigest()[:16]

    async def work(db: Db) -> flow.Taken:
        store = await store_of(db, seen)
        source = flow.Source(seen.staff.tenant_id, store.id, f"text:{store.id}", Channel.DESK, seen.staff.actor)
        return await flow.take_text(
            db, seen.desk.vault, source, text=text, reference=reference, at=seen.now, sender=sent.text("email") or None,
            hands=ReturnHands(seen.desk.policies), now=seen.now,
        )  # fmt: skip

    taken = await seen.desk.database.run(seen.staff.tenant_id, work)
    return see(f"{PATH}/{taken.intake_id}")
