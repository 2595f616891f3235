"""The quick change of the policy: the usual questions on one page, published as a new version after a look."""

from difflib import SequenceMatcher
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.policy import PolicyDocument, decode, simple, template
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.policy_words import sentences
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, show, store_of
from retour.doors.dashboard.settings.policy_form import Typed, read_policy, typed_policy
from retour.flows import policy as flow
from retour.store import policy
from retour.store.account import Store
from retour.store.db import Db
from retour.web.forms import FormErrors, read_form
from retour.web.pages import see

AREA: Final = "policy"
POLICIES: Final = "/dashboard/policies"  # versions, drafts, comparisons: the room of the policies


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [
        page(desk, at, _page),
        page(desk, f"{at}/edit", _edit_page, OWNER),
        form(desk, f"{at}/edit", _change, OWNER),
    ]


async def _page(_: Visit) -> Response[Any]:
    return see(POLICIES)


async def _document(db: Db, version_id: UUID) -> PolicyDocument:
    found = await policy.document(db, version_id)
    assert found is not None, "a version that was listed is there"
    return decode(found[1])


async def _current(db: Db, store: Store) -> tuple[int, PolicyDocument]:
    """Return the published version and its number; number 0 and the first policy to start from where there is none."""
    context = await policy.context(db, store.id)
    if context is None or context.policy_version_id is None or context.policy_version is None:
        return 0, template()
    return context.policy_version, await _document(db, context.policy_version_id)


async def _edit_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store = await store_of(db, seen)
        version, document = await _current(db, store)
    typed = typed_policy(simple.read(document), seen.reader, currency=store.currency)
    return await _edit_form(seen, store, document, typed, version, FormErrors())


async def _edit_form(
    seen: Visit, store: Store, document: PolicyDocument, typed: Typed, version: int, errors: FormErrors, *,
    status: int = 200,
) -> Response[str]:  # fmt: skip
    others = [rule.name for rule in simple.beyond(document)]
    return await show(
        seen, AREA, template="policy_edit", status=status, store=store, typed=typed, version=version, errors=errors,
        others=others,
    )  # fmt: skip


async def _change(seen: Visit) -> Response[Any]:
    """Show what a change means; publish it once it was confirmed against the version that it was shown beside."""
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store = await store_of(db, seen)
        version, document = await _current(db, store)
    typed = Typed.sent(sent)
    if sent.checked("again"):
        return await _edit_form(seen, store, document, typed, version, errors)
    wish = read_policy(typed, errors, seen.reader, currency=store.currency)
    if wish is None:
        return await _edit_form(seen, store, document, typed, version, errors, status=422)
    changed = simple.written(wish, document, currency=store.currency)
    if sent.checked("confirm") and sent.whole("version") == version:
        try:
            await _publish(seen, store, changed, version)
        except Refused as no:
            errors.add("mode", explain(no, seen.reader))
            return await _edit_form(seen, store, document, typed, version, errors, status=no.status)
        return see(f"{POLICIES}?said=published")
    before = sentences(document, seen.reader, currency=store.currency) if version else []
    told = compared(before, sentences(changed, seen.reader, currency=store.currency))
    overtaken = sent.checked("confirm")
    return await show(
        seen, AREA, template="policy_review", status=409 if overtaken else 200, store=store, typed=typed,
        version=version, told=told, overtaken=overtaken, is_same=changed == document and version > 0,
    )  # fmt: skip


async def _publish(seen: Visit, store: Store, document: PolicyDocument, version: int) -> None:
    async def work(db: Db) -> None:
        await flow.publish_after(
            db, store_id=store.id, document=document, after=version, actor=seen.staff.actor, now=seen.now
        )

    await seen.desk.database.run(seen.staff.tenant_id, work)


def compared(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    """Return every sentence of two policies in order, each "kept", "gone" or "new"."""
    told = []
    for _, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if before[i1:i2] == after[j1:j2]:
            told += [("kept", sentence) for sentence in after[j1:j2]]
        else:
            told += [("gone", sentence) for sentence in before[i1:i2]]
            told += [("new", sentence) for sentence in after[j1:j2]]
    return told
