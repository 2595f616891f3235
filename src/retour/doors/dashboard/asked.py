"""What the address of the list of returns asks for, read kindly: what fits nothing is left out, never an error."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar.datastructures import MultiDict

from retour.core.attention import Priority, tag_of
from retour.core.errors import Refused
from retour.core.policy.outcome import ResolutionKind
from retour.core.rma import Decision
from retour.core.rma.axes import OTHERS, PEOPLE, answers_for
from retour.doors.dashboard import way_words, words
from retour.doors.dashboard.desk import whole
from retour.store.desk.listing import Row
from retour.store.desk.narrowed import Filters, Place, Sort
from retour.web.reader import Reader
from retour.web.session import Staff

PATH: Final = "/dashboard/returns"
VIEWS: Final = ("needs", "mine", "watched", "moving", "done", "all")
SORTS: Final[tuple[Sort, ...]] = ("newest", "oldest", "waiting")
# The filters that may be given several times: their names in the address and the codes they know.
KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "blocker": tuple(words.WHAT),
    "status": tuple(decision.value for decision in Decision),
    "channel": tuple(way_words.CHANNELS),
    "resolution": tuple(kind.value for kind in ResolutionKind),
    "kind": tuple(kind for kind in way_words.KINDS if kind != "return"),
    "priority": tuple(priority.value for priority in Priority),
}
NOBODY: Final = "nobody"
MOST_TAGS: Final = 5
MOST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """The list as an address asks for it; `saved` is the kept view it was opened from."""

    view: str = "needs"
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None
    text: str = ""
    sort: Sort = "newest"
    page: int = 1
    saved: UUID | None = None
    tags: tuple[str, ...] = ()
    assignee: UUID | Literal["nobody"] | None = None
    place: Place | None = None  # where the page begins or ends; without one it is counted off

    @property
    def narrows(self) -> bool:
        """Return whether anything beside the tab narrows the list."""
        return bool(any(self.chosen.values()) or self.since or self.until or self.text or self.tags or self.assignee)

    @property
    def bare(self) -> str:
        """Return the address of the same view with nothing else that narrows it."""
        return self.query(chosen={}, since=None, until=None, text="", saved=None, tags=(), assignee=None)

    def query(self, **changes: Any) -> str:
        """Return the address of the same list with some parts changed; a change of anything else goes to page 1."""
        other = replace(self, **{"page": 1, "place": None, **changes})
        parts: list[tuple[str, str]] = [] if other.view == "needs" else [("view", other.view)]
        parts += [(name, value) for name in KNOWN for value in other.chosen.get(name, ())]
        parts += [("tag", tag) for tag in other.tags]
        parts += [("assignee", str(other.assignee))] if other.assignee else []
        parts += [(name, str(day)) for name, day in (("since", other.since), ("until", other.until)) if day]
        parts += [("q", other.text)] if other.text else []
        parts += [("sort", other.sort)] if other.sort != _usual(other.view) else []
        parts += [("page", str(other.page))] if other.page > 1 else []
        parts += [("before" if other.place.back else "after", _written(other.place))] if other.place else []
        parts += [("saved", str(other.saved))] if other.saved else []
        return f"{PATH}?{urlencode(parts)}" if parts else PATH

    def without(self, name: str, value: str) -> str:
        """Return the address without one value of one filter."""
        rest = tuple(one for one in self.chosen.get(name, ()) if one != value)
        return self.query(chosen={**self.chosen, name: rest}, saved=None)

    def filters(self, staff: Staff, reader: Reader) -> Filters:
        """Return what is looked for in the store; days are the reader's."""
        mine = answers_for(staff.role)
        others = tuple(actor for actor in (*PEOPLE, *OTHERS) if actor not in mine)
        chosen = self.chosen
        return Filters(
            store_id=staff.store_id,
            actors={"needs": mine, "moving": others, "mine": (*mine, *others)}.get(self.view, ()),
            closed=self.view == "done",
            blockers=chosen.get("blocker", ()),
            statuses=chosen.get("status", ()),
            channels=chosen.get("channel", ()),
            resolutions=chosen.get("resolution", ()),
            priorities=chosen.get("priority", ()),
            kinds=chosen.get("kind", ()),
            tags=self.tags,
            assignee_id=staff.staff_id if self.view == "mine" else None if self.assignee == NOBODY else self.assignee,
            watcher_id=staff.staff_id if self.view == "watched" else None,
            unassigned=self.view != "mine" and self.assignee == NOBODY,
            since=_midnight(reader, self.since),
            until=_midnight(reader, self.until and self.until + timedelta(days=1)),
            text=self.text or None,
        )


def read(query: MultiDict[Any]) -> Asked:
    """Return what the query of an address asks for."""
    view = str(query.get("view", ""))
    view = view if view in VIEWS else "needs"
    text = " ".join(str(query.get("q", "")).replace("\0", "").split())[:MOST_TEXT]
    if text and "view" not in query:
        view = "all"  # who searches looks for one return, wherever it stands
    chosen = {
        name: tuple(dict.fromkeys(value for value in query.getall(name, []) if value in known))
        for name, known in KNOWN.items()
    }
    sort = str(query.get("sort", ""))
    return Asked(
        view=view,
        chosen={name: values for name, values in chosen.items() if values},
        since=_day(query.get("since")),
        until=_day(query.get("until")),
        text=text,
        sort=sort if sort in SORTS else _usual(view),
        page=whole(query.get("page"), most=2_000),
        saved=_id(query.get("saved")),
        tags=tuple(dict.fromkeys(tag for text in query.getall("tag", []) if (tag := _tag(text))))[:MOST_TAGS],
        assignee=NOBODY if query.get("assignee") == NOBODY else _id(query.get("assignee")),
        place=_place(query.get("after"), back=False) or _place(query.get("before"), back=True),
    )


def place_of(row: Row, sort: Sort, *, back: bool) -> Place:
    """Return the place of a row in that order: after it the next page begins, before it the previous one ends."""
    return Place(row.number, row.blocked_since if sort == "waiting" else None, back)


def _written(place: Place) -> str:
    return f"{place.number}~{place.since.isoformat()}" if place.since else str(place.number)


def _place(text: Any, *, back: bool) -> Place | None:
    number, _, since = str(text or "").partition("~")
    if not (number.isascii() and number.isdecimal() and len(number) <= 15):
        return None
    try:
        at = datetime.fromisoformat(since) if since else None
    except ValueError:
        return None
    return Place(int(number), at, back) if at is None or at.tzinfo else None


def _tag(text: Any) -> str | None:
    try:
        return tag_of(str(text))
    except Refused:
        return None


def _usual(view: str) -> Sort:
    return "waiting" if view in ("needs", "mine") else "newest"


def _day(text: Any) -> date | None:
    try:
        found = date.fromisoformat(str(text))
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def _id(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _midnight(reader: Reader, day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), tzinfo=reader.timezone)
