"""The settings of reasons: a group and what is in it, questions in two languages, moved, archived, never lost."""

import pytest

from retour.core.account import Role
from retour.core.why import Applies, Ask, AskKind, Choice, Reason, Standard
from retour.doors.dashboard.settings.reason_form import slug
from retour.store import why as reasons
from retour.store.db import Database
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio
ROOT = "/dashboard/settings/reasons"
QUESTION = {
    "ask-0-kind": "choice", "ask-0-text-en": "Which size fits?", "ask-0-text-de": "Welche Größe passt?",
    "ask-0-choices-en": "Medium\nLarge", "ask-0-choices-de": "Mittel\nGroß", "ask-0-required": "1",
}  # fmt: skip


async def records(database: Database, house: House) -> dict[str, Reason]:
    async with database.tx(house.tenant_id) as db:
        return {one.code: one for one in await reasons.of_store(db, house.stores[0])}


async def add(owner: Browser, **typed: str) -> str:
    """Add a reason and return the path of the page that follows."""
    done = await owner.send(await owner.get(f"{ROOT}/new"), "", **typed)
    assert done.status == 200, done.text
    return done.path


async def test_a_reason_is_added_to_a_group_with_its_question_and_found_again(
    owner: Browser, database: Database, house: House
) -> None:
    fit = (await records(database, house))["fit"]
    typed = {
        "name-en": "Too narrow", "name-de": "Zu schmal", "parent": str(fit.id), "standard": "fit", "types": "Shoes, Boots",
        "platform": "SIZE_TOO_SMALL", "note": "1",
    }  # fmt: skip

    assert await add(owner, **typed, **QUESTION) == ROOT

    made = (await records(database, house))["too_narrow"]
    size = Ask(
        "which_size_fits", AskKind.CHOICE, {"en": "Which size fits?", "de": "Welche Größe passt?"},
        (Choice("medium", {"en": "Medium", "de": "Mittel"}), Choice("large", {"en": "Large", "de": "Groß"})),
    )  # fmt: skip
    assert (made.parent_id, made.standard_group, made.texts) == (
        fit.id, Standard.FIT, {"en": "Too narrow", "de": "Zu schmal"},
    )  # fmt: skip
    assert (made.applies, made.note_required, made.questions) == (Applies(types=("Shoes", "Boots")), True, (size,))
    assert made.platform_reason == "SIZE_TOO_SMALL"
    page = await owner.get(f"{ROOT}/{made.id}")
    choices = {name: text for name, text in QUESTION.items() if "choices" in name}
    assert all(f">{text}</textarea>" in page.answer.text for text in choices.values())
    saved = await owner.send(page, "", **{"name-en": "Too tight"}, **choices)
    assert "Saved." in saved.text
    again = (await records(database, house))["too_narrow"]
    assert (again.texts["en"], again.questions, again.version) == ("Too tight", (size,), 2)


@pytest.mark.parametrize(
    ("typed", "said", "field"),
    [
        ({"name-de": "Zu schmal"}, "Enter a name", "name-en"),
        ({"name-en": "x" * 81}, "This text is too long", "name-en"),
        ({"name-en": "Small", "code": "too_small"}, "This is taken already", "code"),
        ({"name-en": "Small", "code": "Too small"}, "Use small letters", "code"),
        ({"name-en": "a", "ask-0-kind": "choice", "ask-0-text-en": "b"}, "A choice needs two", "ask-0-choices"),
        ({"name-en": "a", "ask-0-kind": "text"}, "Enter a name", "ask-0-text-en"),
        ({"name-en": "a", "parent": "1" * 8}, "", ""),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
    owner: Browser, database: Database, house: House, typed: dict[str, str], said: str, field: str
) -> None:
    before = await records(database, house)

    page = await owner.send(await owner.get(f"{ROOT}/new"), "", **typed)

    if not said:
        assert page.status == 200
        return
    assert page.status == 422 or page.status == 409  # noqa: PLR1714
    assert said in page.text
    assert f'id="{field}' in page.answer.text
    assert typed.get("name-en", "")[:80] in page.answer.text
    assert await records(database, house) == before


async def test_reasons_are_moved_archived_and_taken_back(owner: Browser, database: Database, house: House) -> None:
    known = await records(database, house)
    page = await owner.get(ROOT)
    assert page.text.index("Too small") < page.text.index("Too large")

    moved = await owner.send(page, f"{ROOT}/{known['too_large'].id}/up")
    assert moved.text.index("Too large") < moved.text.index("Too small")
    refused = await owner.send(await owner.get(f"{ROOT}/{known['fit'].id}"), f"{ROOT}/{known['fit'].id}/archive")
    assert "Archive the reasons in this group first" in refused.text
    gone = await owner.send(await owner.get(f"{ROOT}/{known['other'].id}"), f"{ROOT}/{known['other'].id}/archive")
    assert "1 archived reason" in gone.text
    back = await owner.send(await owner.get(f"{ROOT}/{known['other'].id}"), f"{ROOT}/{known['other'].id}/restore")
    assert "archived reason" not in back.text


async def test_an_agent_reads_and_changes_nothing(database: Database, house: House, address: str) -> None:
    known = await records(database, house)
    async with Browser.open(address) as agent:
        await agent.sign_in(await add_member(database, house, Role.AGENT))
        assert (await agent.get(ROOT)).status == 200
        page = await agent.get(f"{ROOT}/{known['other'].id}")

        assert (await agent.get(f"{ROOT}/new")).status == 403
        assert "Only an owner" in page.text
    assert await records(database, house) == known


def test_a_code_is_made_of_latin_letters_and_digits() -> None:
    assert [slug(text, 12) for text in ("Zu groß & weit!", "مقاس", "a" * 20)] == ["zu_gro_weit", "", "a" * 12]
