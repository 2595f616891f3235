"""The pages of the policies over HTTP: drafts built row by row, tried, compared, published, and nothing lost on the way."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from retour.core.account import Role
from retour.core.policy import decode, encode
from retour.core.policy.template import templates
from retour.flows import policy as flow
from retour.store import policy
from retour.store.db import Database
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser, Page
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio

ROOT = "/dashboard/policies"
Fields = dict[str, str | Sequence[str] | None]


async def start(owner: Browser, begin: str = "template:thirty-days", **more: str) -> str:
    """Start a draft and return its address."""
    page = await owner.send(await owner.get(f"{ROOT}/new"), begin=begin, **more)
    assert page.query == "said=started", page.text
    return page.path


async def document(database: Database, house: House, number: int) -> Any:
    """Return the document of a version as it is kept."""
    async with database.tx(house.tenant_id) as db:
        found = await policy.numbered(db, house.stores[0], number)
        assert found is not None
        version = await policy.get_version(db, house.stores[0], found)
    assert version is not None
    return version.document


async def step(owner: Browser, page: Page, do: str, **change: Any) -> Page:
    """Press a button of a growing form, as a browser without script does; fields are named with __ for dots."""
    named = {name if "." in name else name.replace("__", "."): value for name, value in change.items()}
    return await owner.send(page, do=do, **named)


def rule_ids(page: Page) -> list[str]:
    """Return the rules of a draft's page in their order."""
    return [part.split('"')[0] for part in page.answer.text.split('<li id="rule-')[1:]]


async def test_a_draft_begins_with_a_template_and_changes_nothing_yet(
    owner: Browser, house: House, database: Database
) -> None:
    assert "No policy is published" in (await owner.get(ROOT)).text

    at = await start(owner, "template:eu-withdrawal")

    assert encode(decode(await document(database, house, 1))) == encode(templates()[2].make())
    assert "No policy is published" in (await owner.get(ROOT)).text
    assert "Draft 1" in (await owner.get(at)).text
    async with database.tx(house.tenant_id) as db:
        assert await policy.published(db, house.stores[0]) is None


async def test_a_rule_is_built_from_menus_without_script(owner: Browser, house: House, database: Database) -> None:
    at = await start(owner)
    page = await owner.get(f"{at}/add")
    page = await step(
        owner, page, "refresh", name="Dear orders", when__parts__0__fact="order.total", when__parts__0__op="gt"
    )
    page = await step(owner, page, "add-group:when.parts", when__parts__0__value="150,5")
    page = await step(
        owner, page, "refresh", when__parts__1__parts__0__fact="product.gift_card", when__parts__1__parts__0__op="eq"
    )
    page = await step(owner, page, "add-fact:when.parts.1.parts", when__parts__1__parts__0__value="no")
    page = await step(owner, page, "add-expression:when.parts", when__parts__1__parts__1__value="Germany, at")
    page = await step(owner, page, "say", more="decision", when__parts__2__text="line.quantity < 3")
    page = await step(owner, page, "say", more="methods")
    page = await step(owner, page, "add:then.methods.offered", then__methods__offered__0__kind="drop_off")
    page = await step(owner, page, "up:then.methods.offered.1", then__methods__offered__1__kind="own_carrier")
    page = await step(
        owner, page, "save", then__decision__approval="review", then__decision__message="Look", revision="1",
        then__methods__offered__0__fee__on="1", then__methods__offered__0__fee__fixed_minor="3.90",
    )  # fmt: skip

    assert (page.status, page.path, page.query) == (200, at, "said=saved"), page.text
    rule = (await document(database, house, 1))["rules"][-1]
    assert (rule["id"], rule["name"], rule["enabled"]) == ("dear-orders", "Dear orders", True)
    assert rule["when"] == {
        "all": [
            {"fact": "order.total", "op": "gt", "value": 15050},
            {"any": [
                {"fact": "product.gift_card", "op": "eq", "value": False},
                {"fact": "order.country", "op": "in", "value": ["DE", "AT"]},
            ]},
            {"expression": "line.quantity < 3"},
        ]
    }  # fmt: skip
    assert rule["then"]["decision"] == {"approval": "review", "message": "Look"}
    offered = rule["then"]["methods"]["offered"]
    assert [offer["kind"] for offer in offered] == ["own_carrier", "drop_off"]
    assert offered[0]["fee"]["fixed_minor"] == 390
    assert "When the total of the order is more than €150.50 and (the product is not a gift card or" in page.text


async def test_a_rule_with_mistakes_is_refused_at_its_fields_and_nothing_typed_is_lost(
    owner: Browser, house: House, database: Database
) -> None:
    at = await start(owner)
    page = await step(owner, await owner.get(f"{at}/add"), "say", more="eligibility", name="")
    page = await step(
        owner, page, "save", when__parts__0__value="Atlantis", then__eligibility__window_days="soon",
        then__eligibility__message="Sorry, too late",
    )  # fmt: skip

    assert page.status == 422
    assert "3 things need your attention" in page.text
    assert "Give the rule a name of at most 200 characters" in page.text
    assert "The country the order went to: Atlantis is no country that we know." in page.text
    assert 'href="#then.eligibility.window_days"' in page.answer.text
    fields = page.form().fields
    assert fields["when.parts.0.value"] == ["Atlantis"]
    assert ">Sorry, too late</textarea>" in page.answer.text
    assert len((await document(database, house, 1))["rules"]) == 2


async def test_what_the_document_refuses_is_said_at_its_field(owner: Browser, house: House, database: Database) -> None:
    at = await start(owner)
    page = await step(
        owner, await owner.get(f"{at}/add"), "say", more="resolutions", name="Twice", when__parts__0__value="DE"
    )
    page = await step(owner, page, "add:then.resolutions.offered")
    twice = await step(
        owner,
        page,
        "save",
        then__resolutions__offered__0__kind="exchange",
        then__resolutions__offered__1__kind="exchange",
    )
    page = await step(
        owner, await owner.get(f"{at}/add"), "say", more="decision", name="Broken", when__parts__0__value="DE"
    )
    page = await step(owner, page, "add-expression:when.parts")
    broken = await step(owner, page, "save", when__parts__1__text="order.total >")

    assert (twice.status, broken.status) == (422, 422)
    assert "This is there twice" in twice.text
    assert 'id="when.parts.1.text-error"' in broken.answer.text
    assert "The expression cannot be used" in broken.text
    assert len((await document(database, house, 1))["rules"]) == 2


async def test_a_rule_saved_after_a_colleagues_change_is_kept_on_the_page_and_goes_into_theirs(
    owner: Browser, house: House, database: Database
) -> None:
    at = await start(owner)
    mine = await owner.get(f"{at}/rules/final-sale")
    await owner.send(await owner.get(at), f"{at}/rules", do="remove:gift-cards")

    late = await step(owner, mine, "save", name="Sold for good")

    assert late.status == 409
    assert "saved this draft just now. Your change was not saved." in late.text
    assert late.form().fields["name"] == ["Sold for good"]
    assert [rule["name"] for rule in (await document(database, house, 1))["rules"]] == ["Final sale"]
    again = await step(owner, late, "save")
    assert again.query == "said=saved"
    assert [rule["name"] for rule in (await document(database, house, 1))["rules"]] == ["Sold for good"]


async def test_rules_are_moved_copied_switched_and_removed(owner: Browser, house: House, database: Database) -> None:
    at = await start(owner)

    async def act(do: str) -> Page:
        return await owner.send(await owner.get(at), f"{at}/rules", do=do)

    assert rule_ids(await owner.get(at)) == ["gift-cards", "final-sale"]
    assert rule_ids(await act("down:gift-cards")) == ["final-sale", "gift-cards"]
    assert rule_ids(await act("up:final-sale")) == ["final-sale", "gift-cards"]
    assert rule_ids(await act("copy:final-sale")) == ["final-sale", "copy-of-final-sale", "gift-cards"]
    assert "switched off" in (await act("switch:gift-cards")).text
    assert rule_ids(await act("remove:final-sale")) == ["copy-of-final-sale", "gift-cards"]
    rules = (await document(database, house, 1))["rules"]
    assert [rule["enabled"] for rule in rules] == [False, False]
    stale = (await owner.get(at)).form(f"{at}/rules").fields
    await act("switch:gift-cards")
    late = await owner.post(f"{at}/rules", {**stale, "do": "remove:gift-cards"})
    assert late.status == 409
    assert len((await document(database, house, 1))["rules"]) == 2


async def test_what_holds_otherwise_is_changed_with_its_amounts(
    owner: Browser, house: House, database: Database
) -> None:
    at = await start(owner)
    page = await owner.get(f"{at}/otherwise")
    page = await step(owner, page, "up:defaults.refund_terms.tender_order.1")
    page = await step(
        owner, page, "save", defaults__refund_terms__shipping="all", defaults__fees__return_fee__on="1",
        defaults__fees__return_fee__fixed_minor="4.50", defaults__fees__return_fee__per="return",
        defaults__eligibility__days="working",
    )  # fmt: skip

    assert page.query == "said=saved", page.text
    kept = await document(database, house, 1)
    assert kept["currency"] == "EUR"
    assert kept["defaults"]["refund_terms"]["tender_order"][:2] == ["card", "store_credit"]
    assert kept["defaults"]["fees"]["return_fee"]["fixed_minor"] == 450
    assert "It can come back within 30 working days of delivery." in page.text
    assert "The return costs €4.50 for the return." in page.text


async def test_a_country_in_two_zones_is_refused_at_the_zone(owner: Browser, house: House, database: Database) -> None:
    at = await start(owner)
    page = await step(owner, await owner.get(f"{at}/calendar"), "add:whole.zones")
    page = await step(
        owner, page, "add:whole.zones", whole__zones__0__name="Near", whole__zones__0__countries="Germany, AT"
    )
    wrong = await step(
        owner, page, "save", whole__zones__0__countries="Germany, AT", whole__zones__1__name="Far",
        whole__zones__1__countries="US, Austria",
    )  # fmt: skip
    right = await step(
        owner, wrong, "save", whole__zones__0__countries="DE, AT", whole__zones__1__countries="US",
        **{"whole.calendar__holidays": "2026-12-25"},
    )  # fmt: skip

    assert wrong.status == 422
    assert "A country can be in one zone only" in wrong.text
    assert 'id="whole.zones.1.countries-error"' in wrong.answer.text
    assert right.query == "said=saved", right.text
    kept = await document(database, house, 1)
    assert kept["zones"] == [{"name": "Near", "countries": ["DE", "AT"]}, {"name": "Far", "countries": ["US"]}]
    assert kept["calendar"]["holidays"] == ["2026-12-25"]


async def test_a_draft_is_published_after_a_look_at_what_changes(
    owner: Browser, house: House, database: Database
) -> None:
    first = await start(owner)
    await owner.send(await owner.get(f"{first}/publish"))
    second = await start(owner, "version")
    await owner.send(await owner.get(second), f"{second}/rules", do="remove:gift-cards")
    review = await owner.get(f"{second}/publish")
    stale = review.form().fields
    done = await owner.send(review)
    third = await start(owner, "version")
    late = await owner.post(f"{third}/publish", {**(await owner.get(f"{third}/publish")).form().fields, "after": "1"})

    assert "Gone Gift cards never come back" in review.text
    assert "No conflicts between the rules" in review.text
    assert "Not simulated as it is now." in review.text
    assert stale["after"] == ["1"]
    assert (done.path, done.query) == (ROOT, "said=published")
    assert late.status == 409
    assert "Somebody published another version meanwhile." in late.text
    async with database.tx(house.tenant_id) as db:
        assert (await policy.published(db, house.stores[0]) or (None, 0))[1] == 2


async def test_two_versions_stand_side_by_side(owner: Browser) -> None:
    first = await start(owner)
    await owner.send(await owner.get(f"{first}/publish"))
    second = await start(owner, "version")
    await owner.send(await owner.get(second), f"{second}/rules", do="down:gift-cards")
    page = await step(owner, await owner.get(f"{second}/rules/final-sale"), "save", name="Sold for good")
    compared = await owner.get(f"{page.path}/compare?with=1")

    assert "Compared with Version 1" in compared.text
    assert "Changed Sold for good" in compared.text
    assert "No longer: “Final sale”" in compared.text
    assert "from place" in compared.text


async def test_an_earlier_version_comes_back_and_a_draft_is_discarded(
    owner: Browser, house: House, database: Database
) -> None:
    for begin in ("template:thirty-days", "template:final-sale"):
        at = await start(owner, begin)
        await owner.send(await owner.get(f"{at}/publish"))
    draft = await start(owner, "version")
    gone = await owner.send(await owner.get(f"{draft}/discard"))
    back = await owner.send(await owner.get(f"{ROOT}/1/revert"))

    assert gone.query == "said=discarded"
    assert (await owner.get(draft)).status == 404
    assert back.query == "said=reverted"
    async with database.tx(house.tenant_id) as db:
        live = await policy.published(db, house.stores[0])
        assert live is not None
        version = await policy.get_version(db, house.stores[0], live[0])
    assert version is not None
    assert version.document == await document(database, house, 1)


async def test_a_policy_is_exported_and_imported_again(owner: Browser, house: House, database: Database) -> None:
    at = await start(owner, "template:electronics")
    exported = await owner.client.get(f"{at}/export")
    again = await start(owner, "import", pasted=exported.text)

    assert exported.headers["content-disposition"].startswith("attachment;")
    assert again == f"{ROOT}/2"
    assert await document(database, house, 2) == await document(database, house, 1)


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "Choose a file, or put the JSON here"),
        ("{", "This is no JSON: it breaks at 1:2"),
        ('{"format": 1}', "This is missing"),
    ],
)
async def test_a_file_that_is_no_policy_starts_nothing(
    owner: Browser, house: House, database: Database, pasted: str, said: str
) -> None:
    page = await owner.send(await owner.get(f"{ROOT}/new"), begin="import", pasted=pasted)

    assert page.status == 422
    assert said in page.text
    async with database.tx(house.tenant_id) as db:
        assert await policy.list_versions(db, house.stores[0]) == []


async def test_an_import_with_a_wrong_rule_names_the_rule_the_field_and_the_reason(owner: Browser) -> None:
    wrong: Any = encode(templates()[0].make())
    wrong["rules"][1]["when"]["op"] = "gt"

    page = await owner.send(await owner.get(f"{ROOT}/new"), begin="import", pasted=json.dumps(wrong))

    assert page.status == 422
    assert "Rule “Final sale”, rules[1].when.op: This fact cannot be compared like that" in page.text


async def test_conflicts_are_told_with_an_order_and_a_link_to_the_rule(
    owner: Browser, house: House, database: Database
) -> None:
    shadowed: Any = encode(templates()[0].make())
    shadowed["rules"].append({**shadowed["rules"][0], "id": "again", "name": "Gift cards again"})
    async with database.tx(house.tenant_id) as db:
        await flow.start_draft(
            db, store_id=house.stores[0], document=shadowed, actor="test", now=datetime.now(UTC)
        )  # fmt: skip
    page = await owner.get(f"{ROOT}/1/conflicts")

    assert "“Gift cards again” never decides anything" in page.text
    assert f'href="{ROOT}/1/rules/again"' in page.answer.text


async def test_agents_read_the_policies_and_change_nothing(
    owner: Browser, address: str, house: House, database: Database
) -> None:
    at = await start(owner)
    email = await add_member(database, house, Role.AGENT)
    async with Browser.open(address) as agent:
        await agent.sign_in(email)
        page = await agent.get(at)
        refused = [(await agent.get(f"{at}{path}")).status for path in ("/add", "/otherwise", "/publish", "/discard")]
        fields = (await owner.get(at)).form(f"{at}/rules").fields
        sent = await agent.post(f"{at}/rules", {**fields, "do": "remove:final-sale"})

    assert page.status == 200
    assert "Add a rule" not in page.text
    assert refused == [403] * 4
    assert sent.status == 403
    assert len((await document(database, house, 1))["rules"]) == 2


async def test_an_unknown_order_or_version_is_said(owner: Browser) -> None:
    at = await start(owner)

    assert "There is no order #9." in (await owner.get(f"{at}?order=%239")).text
    assert (await owner.get(f"{ROOT}/77")).status == 404
    assert (await owner.get(f"{at}/rules/nobody")).status == 404
