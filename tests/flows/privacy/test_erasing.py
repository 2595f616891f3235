"""An erasure takes out everything that identifies a person, everywhere, and changes no figure."""

import pytest

from retour.core.errors import Refused
from retour.core.privacy import RequestState
from retour.flows import privacy
from tests.flows.privacy.canary import EMAIL, NAME, Canary

pytestmark = pytest.mark.anyio


async def test_nothing_in_any_column_names_an_erased_person_and_no_figure_changes(canary: Canary) -> None:
    await canary.known_everywhere()
    before, sums = await canary.found(), await canary.sums()
    assert {"person.email", "rma_note.body", "event.data", "inspection.note", "mail.last_problem"} <= before.keys()

    done = await canary.work(await canary.ask(privacy.ask_erasure))

    assert done.state is RequestState.DONE
    assert await canary.found() == {}
    assert await canary.sums() == sums
