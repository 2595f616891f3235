"""What comes with a request: answers, a note and photos, held against what the policy and the reason want."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from retour.core.answers import missing
from retour.core.attachment import MOST_OF_A_LINE, MOST_OF_A_REQUEST
from retour.core.errors import Refused
from retour.core.kind import is_granted
from retour.core.policy import LineDecision
from retour.core.policy.outcome import Requirements
from retour.core.why import Given, merged
from retour.flows.rma.asking import API, PORTAL, Asking, Judged, Wish
from retour.store import photo
from retour.store.db import Db
from retour.store.rma import NewReturn

_PHOTOS = "photos_required"


def group_of(given: Mapping[str, Given], reason: str) -> str | None:
    """Return the standard group of a reason that the store knows, or nothing."""
    return given[reason].standard_group if reason in given else None


def all_wanted(
    lines: Sequence[LineDecision], wishes: Sequence[Wish], given: Mapping[str, Given]
) -> tuple[Requirements, ...]:
    """Return what is wanted of each line, by the policy and by the reason that was given."""
    return tuple(
        merged(line.requirements.outcome, given[wish.reason].wanted)
        if wish.reason in given
        else line.requirements.outcome
        for line, wish in zip(lines, wishes, strict=True)
    )


def lacks_photos(wishes: Sequence[Wish], wanted: Sequence[Requirements]) -> bool:
    """Return whether a line has fewer photos than are wanted of it."""
    return any(len(wish.photos) < said.photos for wish, said in zip(wishes, wanted, strict=True))


def answered(judged: Judged, asking: Asking) -> Judged:
    """Return the request with whether it lacks an answer.

    Raise Refused with what is missing over the API, and with the photos that are in the portal. What the law grants
    asks for nothing, and what sets the policy aside demands nothing.
    """
    if is_granted(asking.kind):
        return judged
    found = [
        objection
        for index, (wanted, wish) in enumerate(zip(judged.wanted, asking.wishes, strict=True))
        for objection in missing(
            wanted, note=wish.note, answers=wish.answers, field=f"lines[{index}]", photos=len(wish.photos)
        )
    ]
    demanded = found if asking.channel == API else [o for o in found if asking.channel == PORTAL and o.code == _PHOTOS]
    if demanded and asking.unlimited is None:
        raise Refused(demanded[0].code, demanded[0].message, field=demanded[0].field, objections=demanded)
    return replace(judged, is_unanswered=any(objection.code != _PHOTOS for objection in found))


async def check_photos(db: Db, asking: Asking) -> None:
    """Raise Refused unless every photo was sent of this order and belongs to no return: `photo_not_found` with the field,
    `too_many_photos`, `photo_named_twice`."""
    named = [
        (photo_id, f"lines[{n}].photos[{at}]")
        for n, wish in enumerate(asking.wishes)
        for at, photo_id in enumerate(wish.photos)
    ]
    if not named:
        return
    for n, wish in enumerate(asking.wishes):
        if len(wish.photos) > MOST_OF_A_LINE:
            raise Refused("too_many_photos", f"a line has {MOST_OF_A_LINE} photos at most", field=f"lines[{n}].photos")
    if len(named) > MOST_OF_A_REQUEST:
        raise Refused("too_many_photos", f"a request has {MOST_OF_A_REQUEST} photos at most", field="lines")
    known = await photo.drafts(db, [photo_id for photo_id, _ in named], order_id=asking.order_id)
    seen = set[UUID]()
    for photo_id, field in named:
        if photo_id not in known:
            raise Refused("photo_not_found", "nothing was sent of this order under that id", field=field)
        if photo_id in seen:
            raise Refused("photo_named_twice", "a photo belongs to one line", field=field)
        seen.add(photo_id)


async def give_photos(db: Db, new: NewReturn, asking: Asking) -> None:
    """Give what was sent to the lines of the return; raise Refused(photo_not_found) if another request was faster."""
    given = [
        (photo_id, line.id)
        for line, wish in zip(new.lines, asking.wishes, strict=True)
        for photo_id in wish.photos
    ]  # fmt: skip
    if given and len(await photo.adopt(db, rma_id=new.id, order_id=new.order_id, given=given)) != len(given):
        raise Refused("photo_not_found", "what was sent belongs to another return by now", field="lines")
