"""What the address of the list of returns asks for, read kindly: what fits nothing is left out, never an error."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar.datastructures import MultiDict

from retour.core.policy.outcome import ResolutionKind
from retour.core.rma import Decision
from retour.core.rma.axes import OTHERS, PEOPLE, answers_for
from retour.doors.dashboard import words
from retour.doors.dashboard.desk import whole
from retour.store.desk.listing import Filters, Sort
from retour.web.reader import Reader
from retour.web.session import Staff

PATH: Final = "/dashboard/returns"
VIEWS: Final = ("needs", "moving", "done", "all")
SORTS: Final[tuple[Sort, ...]] = ("newest", "oldest", "waiting")
# The filters that may be given several times: their names in the address and the codes they know.
KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "blocker": tuple(words.WHAT),
    "status": tuple(decision.value for decision in Decision),
    "channel": tuple(words.CHANNELS),
    "resolution": tuple(kind.value for kind in ResolutionKind),
}
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

    @property
    def narrows(self) -> bool:
        """Return whether anything beside the tab narrows the list."""
        return bool(any(self.chosen.values()) or self.since or self.until or self.text)

    def query(self, **changes: Any) -> str:
        """Return the address of the same list with some parts changed; a change of anything else goes to page 1."""
        other = replace(self, **{"page": 1, **changes})
        parts: list[tuple[str, str]] = [] if other.view == "needs" else [("view", other.view)]
        parts += [(name, value) for name in KNOWN for value in other.chosen.get(name, ())]
        parts += [(name, str(day)) for name, day in (("since", other.since), ("until", other.until)) if day]
        parts += [("q", other.text)] if other.text else []
        parts += [("sort", other.sort)] if other.sort != _usual(other.view) else []
        parts += [("page", str(other.page))] if other.page > 1 else []
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
            actors=mine if self.view == "needs" else others if self.view == "moving" else (),
            closed=self.view == "done",
            blockers=chosen.get("blocker", ()),
            statuses=chosen.get("status", ()),
            channels=chosen.get("channel", ()),
            resolutions=chosen.get("resolution", ()),
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
    )


def _usual(view: str) -> Sort:
    return "waiting" if view == "needs" else "newest"


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
