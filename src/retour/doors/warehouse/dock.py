"""What every room of the dock needs: who is there, how a step is taken once, how a page is rendered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.response import Redirect

from retour.core import scan as codes
from retour.core.account import Role
from retour.core.errors import Refused
from retour.core.rma import Grade
from retour.doors.warehouse import words
from retour.doors.warehouse.words import Tone
from retour.flows.receiving import scanning
from retour.flows.receiving.scanning import Came, Did, SentAgain, Step
from retour.store import dock
from retour.store import rma as returns
from retour.store.db import Database, Db
from retour.store.dock import ScanRow
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.web.forms import Form
from retour.web.pages import Pages, see
from retour.web.reader import Reader
from retour.web.session import Sessions, Staff

AnyRequest = Request[Any, Any, Any]
HOME: Final = "/warehouse"


@dataclass(frozen=True, slots=True)
class Band:
    """The answer to a scan: a tone, a word, the code, and a sentence about what follows."""

    tone: Tone
    word: str
    code: str = ""
    text: str = ""

    @property
    def result(self) -> tuple[str, str, str]:
        """Return what the scan field shows."""
        return (self.tone, self.word, self.code)


@dataclass(frozen=True, slots=True)
class Dock:
    """The parts that the dock's pages stand on."""

    database: Database
    vault: Vault
    policies: PolicyCache
    pages: Pages
    sessions: Sessions
    clock: Callable[[], datetime]

    def step(self, staff: Staff, form: Form, *, nonce: str | None = None) -> Step:
        """Return the step that a form asks for, under its nonce and at the time that the device gives."""
        now = self.clock()
        given = nonce or form.text("nonce")
        if not 8 <= len(given) <= 64:
            given = str(uuid4())
        return Step(staff.staff_id, given, codes.made_at(_time(form.text("at")), now=now), now)

    async def take(self, staff: Staff, step: Step, work: Callable[[Db], Awaitable[Came]]) -> Came:
        """Take a step in a transaction of its own; sent twice it is answered as the first time."""
        try:
            return await self.database.run(staff.tenant_id, work)
        except SentAgain:
            async with self.database.tx(staff.tenant_id) as db:
                came = await scanning.came_of(db, staff_id=staff.staff_id, nonce=step.nonce)
            assert came is not None
            return came

    async def rma_id(self, staff: Staff, number: str) -> UUID:
        """Return the id of the return with that public number; raise NotFoundException."""
        if not number.startswith("R-") or not number[2:].isdecimal() or len(number) > 17:
            raise NotFoundException
        async with self.database.tx(staff.tenant_id) as db:
            found = await returns.find_by_number(db, int(number[2:]))
        if found is None:
            raise NotFoundException
        return found

    async def reader(self, request: AnyRequest, db: Db, staff: Staff, *, store_id: UUID | None = None) -> Reader:
        """Return who reads: the language they chose, the time zone of the store."""
        zone = await dock.timezone(db, store_id=store_id or staff.store_id)
        return self.pages.reader(request, now=self.clock(), timezone=zone, default_language=staff.language or "en")

    def render(self, template: str, *, reader: Reader, staff: Staff, status: int = 200, **values: Any) -> Response[str]:
        """Return a page of the dock."""
        return self.pages.render(
            f"warehouse/{template}", reader=reader, status=status, csrf=staff.csrf, staff=staff, nonce=str(uuid4()),
            at_desk=staff.role is not Role.WAREHOUSE, words=words, **values,
        )  # fmt: skip

    async def band(
        self, db: Db, staff: Staff, request: AnyRequest, reader: Reader
    ) -> tuple[Band | None, ScanRow | None]:
        """Return the answer to the step that led to this page (`?scan=`), and the step."""
        scan_id = uuid_of(request.query_params.get("scan", ""))
        row = await dock.one_scan(db, scan_id, staff_id=staff.staff_id) if scan_id else None
        if row is None:
            return None, None
        tone, word, text = words.BAND[Did(row.did)]
        again = request.query_params.get("again") == "1"
        said = words.ONCE if again else text
        return Band(tone, reader.say(word), row.code, reader.say(said) if said else ""), row


def refusal(reader: Reader, refused: Refused, code: str = "") -> Band:
    """Return the band of a refusal; one that a person cannot meet here is raised."""
    if refused.code not in words.REFUSED:
        raise refused
    word, text = words.REFUSED[refused.code]
    tone: Tone = "warn" if refused.status == 409 else "bad"
    return Band(tone, reader.say(word), code, reader.say(text))


def after(path: str, came: Came) -> Redirect:
    """Return the way to the page after a step, where its answer is shown."""
    again = "&again=1" if came.repeated else ""
    return see(f"{path}?scan={came.scan_id}{again}")


def parcel_path(number: int) -> str:
    """Return the address of a return at the dock."""
    return f"{HOME}/returns/R-{number}"


def uuid_of(text: str) -> UUID | None:
    """Return the id that a text spells, or nothing."""
    try:
        return UUID(text)
    except ValueError:
        return None


def grade_of(text: str) -> Grade | None:
    """Return the grade that a form names, or nothing."""
    return Grade(text) if text in set(Grade) else None


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
