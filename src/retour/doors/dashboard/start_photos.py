"""The photos that staff attach when they start a return: kept with the order at once, named by the form until it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.kind import Kind
from retour.core.policy.outcome import Requirements
from retour.core.why import Reason, photo_words
from retour.doors.dashboard.desk import Visit
from retour.doors.dashboard.start_asks import Choice
from retour.doors.dashboard.start_kinds import GIFT
from retour.flows.photo.beforehand import MOST_AT_ONCE, Sender, send
from retour.store import photo as photos
from retour.store.order import OrderRecord
from retour.store.photo import PhotoView
from retour.web.attachments import refusal_text
from retour.web.forms import Form, FormErrors

# Of what was never sent, and of what the law grants, nobody asks for a photo.
TAKING: Final = frozenset({Kind.RETURN.value, Kind.CLAIM.value, GIFT})
ADD: Final = "add"
_NAMED_MOST: Final = 30  # that one line of a form may name; no more are kept


@dataclass(frozen=True, slots=True)
class Kept:
    """What is attached to each line by its number, and what was wrong with the files that came with the form."""

    photos: Mapping[int, Sequence[PhotoView]] = field(default_factory=dict)
    errors: FormErrors = field(default_factory=FormErrors)

    def ids(self, n: int) -> tuple[UUID, ...]:
        """Return what is attached to the n-th line."""
        return tuple(one.id for one in self.photos.get(n, ()))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the check shows of a line's photos: how many are wanted, what for, and which there are."""

    n: int
    title: str
    wanted: int
    text: str
    sent: Sequence[PhotoView]


def is_about_files(sent: Form) -> bool:
    """Return whether a form was sent to add or remove a photo alone."""
    return sent.text("do") == ADD or bool(sent.text("remove"))


async def keep_photos(seen: Visit, record: OrderRecord, choices: Sequence[Choice], sent: Form) -> Kept:
    """Keep the files of a form, forget what is taken back, and return what is attached now.

    A file that is refused leaves everything else as it is; what is wrong is said at its field.
    """
    errors, gone = FormErrors(), _uuid(sent.text("remove"))
    if gone is not None:
        async with seen.desk.database.tx(seen.staff.tenant_id) as db:
            await photos.forget_own(db, gone, order_id=record.id, actor=seen.staff.actor)
    named = {one.n: _named(sent, one.n, gone) for one in choices}
    for one in choices:
        named[one.n] += await _sent(seen, record, one, sent, errors)
    every = [photo_id for ids in named.values() for photo_id in ids]
    found: Sequence[PhotoView] = ()
    if every:
        async with seen.desk.database.tx(seen.staff.tenant_id) as db:
            found = await photos.list_without_visit(db, every, order_id=record.id)
    kept: dict[int, Sequence[PhotoView]] = {}
    for one in choices:
        kept[one.n] = [photo for photo in found if photo.id in named[one.n] and photo.line_ref == one.ref]
        if len(kept[one.n]) < len(set(named[one.n])):
            errors.add(f"photo-{one.n}", seen.reader.say("A photo is not kept any more. Choose it again"))
        if kept[one.n] and str(one.n) not in sent.texts("line"):
            errors.add(f"line-{one.n}", seen.reader.say("It has photos: choose it too, or remove them"))
    return Kept(kept, errors)


async def _sent(seen: Visit, record: OrderRecord, choice: Choice, sent: Form, errors: FormErrors) -> list[UUID]:
    """Keep the new files of a line and return their ids; each that is refused is named at the field."""
    name, ids, refused = f"photo-{choice.n}", list[UUID](), list[str]()
    files = sent.uploads(name) if choice.left else []
    if len(files) > MOST_AT_ONCE:
        most = seen.reader.number(MOST_AT_ONCE)
        errors.add(name, seen.reader.say("Choose %(most)s files at once at most. None of them is kept", most=most))
        return []
    sender = Sender(seen.staff.tenant_id, record.id, seen.staff.actor, staff_id=seen.staff.staff_id)
    for upload in files:
        try:
            ids.append(
                await send(
                    seen.desk.database, seen.desk.vault, sender, line_ref=choice.ref, raw=await upload.read(),
                    clock=seen.desk.clock,
                )
            )  # fmt: skip
        except Refused as no:
            said = refusal_text(no, seen.reader)
            if said is None:
                raise
            refused.append(f"{upload.filename[:80]}: {said}")
    if refused:
        errors.add(name, " ".join(refused))
    return ids


def asked_photos(
    wanted: Sequence[tuple[int, str, Requirements]], kept: Kept, records: Sequence[Reason], sent: Form, language: str,
    default: str,
) -> list[Asked]:  # fmt: skip
    """Return the lines of which photos are wanted or attached; `wanted` is (number, title, what is wanted) of each line."""
    found = [
        Asked(
            n, title, needs.photos, photo_words(records, sent.text(f"reason-{n}"), language, default),
            kept.photos.get(n, ()),
        )
        for n, title, needs in wanted
    ]  # fmt: skip
    return [one for one in found if one.wanted or one.text or one.sent]


def _named(sent: Form, n: int, gone: UUID | None) -> list[UUID]:
    found = (_uuid(text) for text in sent.texts(f"sent-{n}")[:_NAMED_MOST])
    return [one for one in found if one is not None and one != gone]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
