"""What staff do to returns on the desk's pages: seen first, done once, refused to others, never twice."""

from typing import Any

import httpx2
import pytest

from retour.core.account import Role
from retour.core.policy.outcome import AnswerKind, Question, Requirements
from retour.flows import rma
from tests.doors.dashboard_returns.clerk import Clerk, sign_in
from tests.doors.dashboard_returns.scene import MUGS, Scene
from tests.stories.house import now, under
from tests.stories.test_platform_figures import half_a_euro_less
from tests.web.pdf_text import text_of

pytestmark = pytest.mark.anyio


async def traces(scene: Scene) -> list[Any]:
    """Return everything that an act could have moved."""
    return await scene.house.rows(
        "SELECT (SELECT count(*) FROM event), (SELECT sum(version) FROM rma), (SELECT count(*) FROM receipt),"
        " (SELECT count(*) FROM inspection), (SELECT count(*) FROM settlement), (SELECT count(*) FROM rma_note),"
        " (SELECT count(*) FROM effect)"
    )


async def test_an_agent_approves_what_the_page_showed(scene: Scene, ben: Clerk) -> None:
    number = await scene.number("decide")
    at = f"/dashboard/returns/{number}/approve"
    shown = await ben.get(at)
    assert "€38.00 are due when all of it arrives sound; nothing is paid now." in shown.words

    done = await ben.send(at, line=str((await scene.house.see(scene.returns["decide"])).rma.lines[0].id))

    assert (done.status, done.headers["location"]) == (303, f"/dashboard/returns/{number}")
    assert await scene.house.status(scene.returns["decide"]) == "approved"
    events = await scene.house.events(scene.returns["decide"])
    assert [e.actor for e in events if e.type == "return.approved"] == [scene.actor(Role.AGENT)]
    assert "Approved by Ben Okafor" in (await ben.get(f"/dashboard/returns/{number}")).words


async def test_whoever_decides_too_late_reads_who_was_faster_and_nothing_moves(scene: Scene, ben: Clerk) -> None:
    number, rma_id = await scene.number("decide"), scene.returns["decide"]
    page = await ben.get(f"/dashboard/returns/{number}/reject")
    hidden = {"_csrf": page.value("_csrf"), "version": page.value("version")}
    await scene.approve("decide", Role.OWNER)
    before = await traces(scene)

    line = str((await scene.house.see(rma_id)).rma.lines[0].id)
    late = await ben.post(f"/dashboard/returns/{number}/reject", {**hidden, "line": line, "message": "no"})

    assert late.status == 409
    assert "Ana Keller approved this just now. Your change was not saved." in late.words
    assert await traces(scene) == before
    assert await scene.house.status(rma_id) == "approved"


async def test_a_rejection_needs_a_message_and_keeps_what_was_chosen(scene: Scene, ben: Clerk) -> None:
    at = f"/dashboard/returns/{await scene.number('decide')}/reject"
    line = str((await scene.house.see(scene.returns["decide"])).rma.lines[0].id)
    before = await traces(scene)

    refused = await ben.send(at, line=line, message="  ")

    assert refused.status == 422
    assert "Say why: the shopper reads it" in refused.words
    assert f'value="{line}" checked' in refused.text
    assert "<title>Error:" in refused.text
    assert await traces(scene) == before
    done = await ben.send(at, line=line, message="The seal is broken.")
    assert done.status == 303
    assert await scene.house.status(scene.returns["decide"]) == "rejected"


@pytest.mark.parametrize(
    "bad",
    [
        {"_csrf": ""},
        {"_csrf": "0" * 64},
        {"origin": "https://elsewhere.example"},
        {"sec-fetch-site": "cross-site"},
    ],
)
async def test_a_form_that_is_not_ours_moves_nothing(scene: Scene, ben: Clerk, bad: dict[str, str]) -> None:
    number = await scene.number("decide")
    page = await ben.get(f"/dashboard/returns/{number}/approve")
    form = {
        "_csrf": page.value("_csrf"),
        "version": page.value("version"),
        "line": str((await scene.house.see(scene.returns["decide"])).rma.lines[0].id),
    }
    headers = {name: value for name, value in bad.items() if name != "_csrf"}
    before = await traces(scene)

    refused = await ben.post(
        f"/dashboard/returns/{number}/approve", form | {k: v for k, v in bad.items() if k == "_csrf"}, **headers
    )

    assert refused.status == 403
    assert await traces(scene) == before


async def test_every_act_is_refused_to_a_role_that_may_not_do_it(scene: Scene, ben: Clerk, jonas: Clerk) -> None:
    decide, before = await scene.number("decide"), await traces(scene)

    for act in ("approve", "reject", "hold", "release", "cancel", "accept", "pay-again", "look-again", "try-again"):
        at = f"/dashboard/returns/{decide}/{act}"
        assert (await jonas.get(at)).status == 403, act
        assert (await jonas.post(at, {"version": "1"})).status == 403, act
    for act in ("accept", "look-again", "try-again"):
        assert (await ben.get(f"/dashboard/returns/{decide}/{act}")).status == 403, act

    assert await traces(scene) == before


async def test_nobody_sees_or_moves_the_returns_of_another_account(
    scene: Scene, http: httpx2.AsyncClient, house: Any
) -> None:
    number = await scene.number("decide")
    stranger = Scene(type(house)(
        web=house.web, executing=house.executing, owner=house.owner, vault=house.vault, sandbox=house.sandbox,
        address=house.address, http=None,
    ))  # fmt: skip
    async with house.web.tx(stranger.house.tenant) as db:
        await db.execute("INSERT INTO account (tenant_id, name) VALUES ($1, 'Other')", stranger.house.tenant)
    await stranger.hire()
    eve = await sign_in(http, stranger, Role.OWNER)
    before = await traces(scene)

    order = (await scene.house.see(scene.returns["decide"])).order_id
    assert (await eve.get(f"/dashboard/returns/{number}")).status == 404
    assert (await eve.get(f"/dashboard/returns/{number}/approve")).status == 404
    assert (await eve.get(f"/dashboard/orders/{order}")).status == 404
    assert number not in (await eve.get(f"/dashboard/returns?view=all&q={number}")).words.replace(
        f"Search: {number}", ""
    )
    csrf = (await eve.get("/dashboard/returns")).value("_csrf")
    assert (await eve.post(f"/dashboard/returns/{number}/approve", {"_csrf": csrf, "version": "1"})).status == 404
    assert await traces(scene) == before


async def test_a_hold_keeps_its_reason_and_is_released(scene: Scene, ben: Clerk) -> None:
    number, rma_id = await scene.number("inspect"), scene.returns["inspect"]
    await ben.send(f"/dashboard/returns/{number}/hold", reason="Waiting for a photo.")

    assert await scene.house.waits(rma_id) == ("agent", "held")
    assert "Waiting for a photo." in (await ben.get(f"/dashboard/returns/{number}")).words
    await ben.send(f"/dashboard/returns/{number}/release")
    assert await scene.house.waits(rma_id) == ("warehouse", "awaiting_inspection")


async def test_the_warehouse_receives_and_inspects_and_the_money_follows(scene: Scene, jonas: Clerk) -> None:
    number, rma_id = await scene.number("inspect"), scene.returns["inspect"]
    jacket, socks = (line.id for line in (await scene.house.see(rma_id)).rma.lines)
    at = f"/dashboard/returns/{number}/inspect"
    nothing = await jonas.send(at)
    too_many = await jonas.send(at, **{f"sealed-{jacket}": "2"})
    assert (nothing.status, too_many.status) == (422, 422)
    assert "Only 1 unit is here" in too_many.words

    done = await jonas.send(at, **{f"sealed-{jacket}": "1", f"opened-{socks}": "1"})

    assert done.status == 303
    await scene.house.settle_down()
    assert await scene.house.status(rma_id) == "resolved"
    page = await jonas.get(f"/dashboard/returns/{number}")
    assert "Resolved" in page.words
    assert "1 sealed, restock, back in stock" in page.words


async def test_more_than_announced_is_received_as_an_exception(scene: Scene, ben: Clerk, jonas: Clerk) -> None:
    await scene.approve("decide")
    number, line = await scene.number("decide"), (await scene.house.see(scene.returns["decide"])).rma.lines[0].id

    done = await jonas.send(f"/dashboard/returns/{number}/receive", **{f"units-{line}": "3"})

    assert done.status == 303
    assert "surplus_received" in await scene.house.discrepancies()
    listed = await ben.get("/dashboard/exceptions")
    assert "More units arrived than announced" in listed.words
    assert number in listed.words
    (found,) = [v for v in set(listed.text.split('"')) if v.startswith("/dashboard/exceptions/")]
    await ben.send(found, to=f"{found}/resolve")
    assert "surplus_received" not in await scene.house.discrepancies()
    assert "Resolved by Ben Okafor." in (await ben.get(found)).words


async def test_our_figure_is_paid_only_with_the_table_that_was_confirmed(scene: Scene, ana: Clerk) -> None:
    order = await scene.order(MUGS, name="Jan Krol", bend=half_a_euro_less)
    rma_id = scene.returns["differs"] = await scene.house.returned(order, {0: 2})
    at = f"/dashboard/returns/{await scene.number('differs')}/accept"
    shown = await ana.get(at)
    assert "The platform says €76.00" in shown.words
    assert "Retour says €75.50" in shown.words
    hidden = {name: shown.value(name) for name in ("_csrf", "version")}

    stale = await ana.post(at, {**hidden, "hash": "another"})

    assert stale.status == 409
    assert "The amount changed since you saw it. Check it and confirm again." in stale.words
    assert (await scene.house.settlement(rma_id)).state.value == "quoted"
    done = await ana.post(at, {**hidden, "hash": shown.value("hash")})
    assert done.status == 303
    await scene.house.settle_down()
    assert await scene.house.refunded(order) == ("75.50", 1)


async def test_many_are_decided_at_once_each_with_its_own_result(scene: Scene, ben: Clerk) -> None:
    await scene.ask("two", await scene.order(name="Ida Sand"), {0: (1, "other", None)})
    await scene.ask("three", await scene.order(name="Per Dahl"), {0: (1, "other", None)})
    ids = [str(scene.returns[name]) for name in ("decide", "two", "three", "inspect")]
    csrf = (await ben.get("/dashboard/returns")).value("_csrf")
    review = await ben.post("/dashboard/returns/review", {"_csrf": csrf, "act": "approve", "id": ids})
    assert "For 3 of 4 this can be done." in review.words
    assert "already received" in review.words
    two = scene.returns["two"]
    await scene.house.do(lambda db: rma.reject(db, rma_id=two, message="no", actor="x", now=now()))

    confirmed = review.values("confirmed")
    done = await ben.post(
        "/dashboard/returns/carry-out", {"_csrf": csrf, "act": "approve", "confirmed": confirmed, "back": "//evil"}
    )

    assert len(confirmed) == 3
    assert "Approved: 2 returns" in done.words
    assert "Not changed: somebody changed it meanwhile" in done.words
    assert "//evil" not in done.text
    states = [await scene.house.status(scene.returns[name]) for name in ("decide", "two", "three")]
    assert states == ["approved", "rejected", "approved"]


async def test_staff_start_a_return_by_the_policy_and_the_amount_they_saw(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(MUGS, name="Lena Fuchs")
    at = f"/dashboard/orders/{order.id}/return"
    refused = await ben.send(at, line="0", **{"quantity-0": "9", "reason-0": "too_small"})
    assert (refused.status, "Enter 1 to 2" in refused.words) == (422, True)

    chosen = {"line": "0", "quantity-0": "1", "reason-0": "too_small", "note-0": "<b>tight</b>"}
    confirm = await ben.send(at, **chosen)
    assert "€38.00" in confirm.words
    assert confirm.value("note-0") == "<b>tight</b>"
    stale = await ben.post(at, {**chosen, "_csrf": confirm.value("_csrf"), "hash": "another"})
    assert stale.status == 409
    before = await scene.house.rows("SELECT count(*) FROM rma WHERE channel = 'dashboard'")
    done = await ben.post(at, {**chosen, "_csrf": confirm.value("_csrf"), "hash": confirm.value("hash")})

    assert before == [(0,)]
    assert done.status == 303
    page = await ben.get(done.headers["location"])
    assert "Too small: “<b>tight</b>”" in page.words.replace("&lt;", "<").replace("&gt;", ">")
    assert "<b>tight</b>" not in page.text
    again = await ben.send(at, **{**chosen, "quantity-0": "2"})
    assert (again.status, "Enter 1 to 1" in again.words) == (422, True)


async def test_an_agent_waives_a_fee_with_a_reason_and_a_forged_one_changes_nothing(scene: Scene, ben: Clerk) -> None:
    number, rma_id = await scene.number("decide"), scene.returns["decide"]
    at = f"/dashboard/returns/{number}/waive-fees"
    assert "Every fee of the return" in (await ben.get(at)).words
    before = await traces(scene)

    unsaid = await ben.send(at, kind="label", reason="")
    forged = await ben.send(at, kind="bonus", reason="x", amount="99999")
    assert (unsaid.status, "Say why: it stands beside the fee" in unsaid.words) == (422, True)
    assert (forged.status, "Choose one of the fees" in forged.words) == (422, True)
    assert await traces(scene) == before

    done = await ben.send(at, kind="label", reason="our own mistake")
    assert done.status == 303
    (told,) = [e for e in await scene.house.events(rma_id) if e.type == "return.fees_waived"]
    assert (told.actor, told.data["kind"], told.data["reason"]) == (scene.actor(Role.AGENT), "label", "our own mistake")
    assert "Fees waived" in (await ben.get(f"/dashboard/returns/{number}")).words
    again = await ben.send(at, kind="label", reason="once more")
    assert "that fee is waived already" in again.words


async def test_the_warehouse_waives_nothing(scene: Scene, jonas: Clerk) -> None:
    at = f"/dashboard/returns/{await scene.number('decide')}/waive-fees"

    assert (await jonas.get(at)).status == 403


async def test_the_money_of_a_return_is_a_paper_in_the_readers_language(scene: Scene, ben: Clerk) -> None:
    number = await scene.number("decide")
    assert f"/dashboard/returns/{number}/explanation.pdf" in (await ben.get(f"/dashboard/returns/{number}")).text

    paper = await ben.http.get(
        f"/dashboard/returns/{number}/explanation.pdf?lang=de", headers={"cookie": f"retour_session={ben.token}"}
    )

    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert "Alle Zeilen zusammen: 38,00" in " ".join(text_of(paper.content).replace("\u00a0", " ").split())


async def test_a_request_started_by_staff_with_forged_fields_is_the_policys(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(MUGS, name="Lena Fuchs")
    at = f"/dashboard/orders/{order.id}/return"
    chosen = {
        "line": "0", "quantity-0": "1", "reason-0": "too_small", "price-0": "1", "offer-0": "store_credit",
        "method": "keep_item", "fee": "0", "bonus": "9999", "total": "99999",
    }  # fmt: skip
    refused = await ben.send(at, **chosen, resolution="store_credit")
    assert (refused.status, "The policy does not offer that for it" in refused.words) == (422, True)
    confirm = await ben.send(at, **chosen)

    done = await ben.post(at, {**chosen, "_csrf": confirm.value("_csrf"), "hash": confirm.value("hash")})

    assert done.status == 303
    ((promised, method, resolution),) = await scene.house.rows(
        "SELECT (r.promised ->> 'total_minor')::int, r.method, l.resolution FROM rma r JOIN return_line l ON l.rma_id = r.id"
        " WHERE r.channel = 'dashboard'"
    )
    assert (promised, method, resolution) == (3_800, "own_carrier", "refund_original")


async def test_staff_go_beyond_the_policy_with_a_reason_that_everybody_can_read(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(MUGS, name="Lena Fuchs")
    at = f"/dashboard/orders/{order.id}/return"
    chosen = {"line": "0", "quantity-0": "1", "reason-0": "too_small", "resolution-0": "store_credit"}
    refused = await ben.send(at, **chosen)
    assert refused.status == 422
    assert "To go on all the same, tick “Beyond the policy” and say why" in refused.words
    unsaid = await ben.send(at, **chosen, beyond="1")
    assert (unsaid.status, "Say why, in at most 1,000 characters" in unsaid.words) == (422, True)
    beyond = {**chosen, "beyond": "1", "reason": "agreed on the <phone>", "method": "drop_off"}

    confirm = await ben.send(at, **beyond)
    assert "The policy does not offer that for it: Stoneware mugs, set of 4" in confirm.words
    assert "It then waits for a decision." in confirm.words
    done = await ben.post(at, {**beyond, "_csrf": confirm.value("_csrf"), "hash": confirm.value("hash")})

    assert done.status == 303
    ((method, resolution),) = await scene.house.rows(
        "SELECT r.method, l.resolution FROM rma r JOIN return_line l ON l.rma_id = r.id WHERE r.channel = 'dashboard'"
    )
    assert (method, resolution) == ("drop_off", "store_credit")
    page = await ben.get(done.headers["location"])
    assert "Beyond the policy: “agreed on the <phone>”" in page.words
    assert "<phone>" not in page.text


async def test_units_are_not_given_beyond_what_there_is_whatever_the_reason(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(MUGS, name="Lena Fuchs")
    before = await traces(scene)

    refused = await ben.send(
        f"/dashboard/orders/{order.id}/return", line="0", beyond="1", reason="why not",
        **{"quantity-0": "3", "reason-0": "too_small"},
    )  # fmt: skip

    assert refused.status == 422
    assert await traces(scene) == before


async def test_staff_are_asked_what_the_shopper_would_be_asked(scene: Scene, ben: Clerk) -> None:
    questions = (
        Question("fit", "How does it fit?", AnswerKind.CHOICE, ("tight", "loose")),
        Question("worn", "Was it worn?", AnswerKind.YES_NO, required=False),
    )
    document = under(requirements=Requirements(questions=questions))
    await scene.house.do(lambda db: scene.house.publish(document, db=db))
    order = await scene.order(MUGS, name="Lena Fuchs")
    at = f"/dashboard/orders/{order.id}/return"
    assert "Choose a reason" in (await ben.get(at)).words
    made_up = await ben.send(at, line="0", **{"quantity-0": "1", "reason-0": "because"})
    assert made_up.status == 422
    chosen = {"line": "0", "quantity-0": "1", "reason-0": "too_small"}

    confirm = await ben.send(at, **chosen)
    assert "How does it fit?" in confirm.words
    said = {"asked": confirm.values("asked"), "answer-0-fit": "tight", "answer-0-other": "x"}
    done = await ben.post(at, {**chosen, **said, "_csrf": confirm.value("_csrf"), "hash": confirm.value("hash")})

    assert done.status == 303
    assert await scene.house.rows(
        "SELECT l.answers FROM return_line l JOIN rma r ON r.id = l.rma_id WHERE r.channel = 'dashboard'"
    ) == [({"fit": "tight"},)]
    assert "How does it fit?: “tight”" in (await ben.get(done.headers["location"])).words
