"""Changing where the shopper of a return is: the form shows what is known of it, and says what follows."""

from collections.abc import Mapping
from typing import Any, Final

from retour.core.errors import Refused
from retour.doors.dashboard.act import Act, Doing
from retour.doors.dashboard.desk import Visit
from retour.doors.dashboard.whole import Whole
from retour.flows import rma as flow
from retour.store.db import Db
from retour.web.forms import Form
from retour.web.postal_form import countries, filled, typed, wrong
from retour.web.reader import Reader
from retour.web.session import DESK


def _places(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    return {"countries": countries(reader), "keeps": any(order.is_drafted for order in whole.exchanges)}


async def _known(seen: Visit, whole: Whole) -> Form:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        return filled(await flow.address_of(db, seen.desk.vault, whole.record))


async def _move(doing: Doing, db: Db) -> None:
    try:
        await flow.change_address(
            db, doing.seen.desk.vault, rma_id=doing.rma_id, address=typed(doing.form), actor=doing.actor, now=doing.now,
            expect_version=doing.version,
        )  # fmt: skip
    except Refused as no:
        if no.code != "invalid_address":
            raise
        doing.errors.add(*wrong(no, doing.reader))


ACTS: Final = (Act("address", "dashboard/act_address.html", DESK, _places, _move, begins=_known),)
