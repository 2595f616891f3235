"""Step 2: why each chosen item goes back, what is wanted to know about it, and the photos that show it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar import Response

from retour.core.attachment import MOST_OF_A_LINE
from retour.core.kind import Kind
from retour.core.reason import NOTE_MOST
from retour.doors.portal import asking, files
from retour.doors.portal.choices import Choices, choices_of, photo_text
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere, Here
from retour.doors.portal.draft import Draft, DraftLine, key_of
from retour.doors.portal.drafting import (
    chosen_of,
    draft_of,
    judged_or_nothing,
    keep,
    objections,
    order_of,
    photos_of,
)
from retour.flows.photo.beforehand import LIMIT_BYTES
from retour.store.photo import PhotoView
from retour.web.forms import Form, FormErrors
from retour.web.pages import see
from retour.web.reader import Reader

# What could turn a line of text around or hide in it is dropped when it is typed.
_HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


async def show_reasons(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Ask why each chosen item goes back; with ?check=1 say what is missing."""
    async with desk.here(request, handle) as here:
        draft = with_lines(draft_of(here))
        errors = FormErrors()
        if request.query_params.get("check") == "1" and draft.has_reasons:
            order = await order_of(here)
            wanted = asking.wanted_of(draft, order, await judged_or_nothing(here, draft))
            errors = asking.unanswered(draft, wanted, here.reader, counts=_counts(await photos_of(here)))
        return await _reasons(here, draft, errors)


async def take_reasons(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Keep the reasons, the answers and the files, and let the policy judge them."""
    errors = FormErrors()
    if request.headers.get("content-type", "").startswith("multipart/"):
        async with desk.here(request, handle) as here:
            proven, draft = here.proven, with_lines(draft_of(here))  # before a large body is read
        form = await desk.form(request, handle, LIMIT_BYTES)
        await files.keep_files(desk, here, proven, form, draft, errors)
    else:
        form = await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        if form.text("remove"):
            await files.remove(here, here.proven, form.text("remove"))
        if form.text("remove") or form.text("do").startswith(("add", "ask-")):
            return await _only_files(here, form, errors)
        return await _judge(here, form, errors)


async def _only_files(here: Here, form: Form, errors: FormErrors) -> Response[Any]:
    """Keep what was typed without a word on what is still missing; the page is shown again at the files."""
    draft, order, unsaid = with_lines(draft_of(here)), await order_of(here), FormErrors()
    draft = _typed(form, draft, await choices_of(here, draft, order), unsaid, here.reader)
    wanted = asking.wanted_of(draft, order, await judged_or_nothing(here, draft) if draft.has_reasons else None)
    draft = asking.with_answers(draft, form, wanted)
    await keep(here, draft)
    if errors:
        return await _reasons(here, draft, errors, status=422)
    at = next((key for key in map(key_of, draft.lines) if form.uploads(f"photo-{key}")), "")
    if at:
        return see(f"{here.base}/reasons#photos-{at}")
    asked = next((key for key in map(key_of, draft.lines) if form.text("do") == f"ask-{key}"), "")
    return see(f"{here.base}/reasons#why-{asked}" if asked else f"{here.base}/reasons")


async def _judge(here: Here, form: Form, errors: FormErrors) -> Response[Any]:
    draft, order = with_lines(draft_of(here)), await order_of(here)
    draft = _typed(form, draft, await choices_of(here, draft, order), errors, here.reader)
    wanted = asking.wanted_of(draft, order, await judged_or_nothing(here, draft) if draft.has_reasons else None)
    draft = asking.with_answers(draft, form, wanted)
    await keep(here, draft)
    if not errors:
        errors = await objections(here, draft, order, at="reason")
    if not errors:
        errors = asking.unanswered(draft, wanted, here.reader, counts=_counts(await photos_of(here)))
    if errors:
        return await _reasons(here, draft, errors, status=422)
    return see(f"{here.base}/offers")


def _typed(form: Form, draft: Draft, offered: Mapping[str, Choices], errors: FormErrors, reader: Reader) -> Draft:
    """Return the draft with the reasons and notes that were typed."""
    lines = {ref: _reason(form, ref, line, offered.get(ref), errors, reader) for ref, line in draft.lines.items()}
    return msgspec.structs.replace(draft, lines=lines)


def _reason(
    form: Form, ref: str, line: DraftLine, offered: Choices | None, errors: FormErrors, reader: Reader
) -> DraftLine:
    key = key_of(ref)
    reason, note = form.text(f"reason-{key}"), _HIDDEN.sub("", form.text(f"note-{key}"))
    if offered is None or reason not in offered.codes:
        errors.add(f"reason-{key}", reader.say("Choose a reason"))
        reason = ""
    if len(note) > NOTE_MOST:
        said = reader.say("The note is too long (limit %(most)s characters).", most=reader.number(NOTE_MOST))
        errors.add(f"note-{key}", said)
        note = note[:NOTE_MOST]
    return msgspec.structs.replace(line, reason=reason, note=note)


async def _reasons(here: Here, draft: Draft, errors: FormErrors, *, status: int = 200) -> Response[Any]:
    order, sent = await order_of(here), await photos_of(here)
    offered = await choices_of(here, draft, order)
    wanted = asking.wanted_of(draft, order, await judged_or_nothing(here, draft) if draft.has_reasons else None)
    asks = {ref: found.asks(draft.lines[ref].reason) for ref, found in offered.items()}
    return here.page(
        "reasons", status=status, errors=errors, claim=draft.kind == Kind.CLAIM.value, pieces=await chosen_of(here, draft, order),
        choices={key_of(ref): found.shown for ref, found in offered.items()},
        notes={key_of(ref): line.note for ref, line in draft.lines.items()},
        questions=asking.fields_of(draft, wanted, here.reader, own=asks),
        asked={key_of(ref) for ref, found in asks.items() if found},
        photo_texts={key_of(ref): photo_text(found) for ref, found in asks.items()},
        note_wanted={key_of(ref) for ref, said in wanted.items() if said.note},
        photos_wanted={key_of(ref): said.photos for ref, said in wanted.items()},
        sent={key_of(ref): found for ref, found in sent.items()}, most_photos=MOST_OF_A_LINE,
    )  # fmt: skip


def _counts(sent: Mapping[str, Sequence[PhotoView]]) -> Mapping[str, int]:
    return {ref: len(found) for ref, found in sent.items()}


def with_lines(draft: Draft) -> Draft:
    """Return a draft that has lines; raise Elsewhere to where they are chosen."""
    if not draft.lines:
        raise Elsewhere("/items")
    return draft
