"""Policies over the API: versions, drafts, publication, what is wrong with one, and what it says of an order."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from retour.core.errors import Refused
from retour.core.policy import Asked as AskedLine
from retour.core.policy import PolicyDocument, encode, templates
from retour.core.policy.schema import schema
from retour.doors.api.operation import Call, Operation
from retour.doors.api.policy_shapes import (
    ExplanationOut,
    Findings,
    PolicyChanges,
    PolicyVersionList,
    PolicyVersionWhole,
    SchemaOut,
    TemplateList,
    TemplateOut,
    change_out,
    explanation_out,
    finding_out,
    version_out,
)
from retour.doors.api.shapes import Asked, Short, Units
from retour.flows import policy as flow
from retour.flows import policy_review as review
from retour.store import policy as policies
from retour.store.policy import PolicyVersion

_MISSING: Final = "policy_not_found"
_Number = Annotated[int, Meta(ge=1, le=2_147_483_647, description="The number of a version.")]
_After = Annotated[int, Meta(ge=0, le=2_147_483_647, description="The version in force as it was shown; 0 for none.")]
_Revision = Annotated[int, Meta(ge=1, le=2_147_483_647, description="The draft's revision as it was shown.")]
_Document = Annotated[dict[str, Any], Meta(description="A policy document; `/policy-schema` has its JSON Schema.")]


class DraftWish(Asked):
    """What a draft begins with: one of these, or else the version in force."""

    from_version: _Number | None = None
    template: Short | None = None
    document: _Document | None = None


class DraftSave(Asked):
    """The whole document of a draft, saved over the revision that was read."""

    document: _Document
    revision: _Revision


class PublishWish(Asked):
    """Refused with state_changed if another version is in force, or the draft was saved, meanwhile."""

    after: _After
    revision: _Revision | None = None


class RevertWish(Asked):
    """Refused with state_changed if another version is in force meanwhile."""

    after: _After


class ChangesQuery(Asked):
    """The version to compare with."""

    before: _Number


class CheckWish(Asked):
    """A document, or the number of a version; by default the version in force."""

    version: _Number | None = None
    document: _Document | None = None


class ExplainedWish(Asked):
    """Some units of one line; without a quantity nothing is chosen yet."""

    line_ref: Short
    quantity: Units | None = None
    reason: Short | None = None
    resolution: Short | None = None


class ExplainWish(CheckWish):
    """An order by its number or id, or a return by its number, which is explained as it was decided."""

    order: Short | None = None
    return_number: Annotated[str, Meta(pattern="^(R-)?[1-9][0-9]{0,17}$", description="Such as R-10042.")] | None = None
    lines: Annotated[list[ExplainedWish], Meta(max_length=100)] = msgspec.field(default_factory=list)
    kind: Annotated[str, Meta(pattern="^(return|claim|withdrawal|cancellation)$")] = "return"


async def list_policies(call: Call, _: None) -> PolicyVersionList:
    """Return the versions of the store's policy."""
    return PolicyVersionList(items=[version_out(row) for row in await policies.list_versions(call.db, call.store_id)])


async def get_policy(call: Call, _: None) -> PolicyVersionWhole:
    """Return one version whole."""
    return _whole(await _version(call))


async def start_draft(call: Call, wish: DraftWish) -> PolicyVersionWhole:
    """Start a draft."""
    given = (wish.from_version, wish.template, wish.document)
    if sum(value is not None for value in given) > 1:
        raise Refused("too_much_given", "give one of from_version, template and document", field="document")
    with _inside_document():
        made = await flow.start_draft(
            call.db, store_id=call.store_id, actor=call.actor, now=call.now, from_version=wish.from_version,
            template=wish.template, document=wish.document,
        )  # fmt: skip
    return _whole(made)


async def save_draft(call: Call, wish: DraftSave) -> PolicyVersionWhole:
    """Save a draft."""
    with _inside_document():
        saved = await flow.save_draft(
            call.db, store_id=call.store_id, version_id=call.resource_id, document=wish.document, after=wish.revision,
            actor=call.actor, now=call.now,
        )  # fmt: skip
    return _whole(saved)


async def publish_draft(call: Call, wish: PublishWish) -> PolicyVersionWhole:
    """Publish a draft."""
    return _whole(
        await flow.publish_draft(
            call.db, store_id=call.store_id, version_id=call.resource_id, after=wish.after, revision=wish.revision,
            actor=call.actor, now=call.now,
        )
    )  # fmt: skip


async def discard_draft(call: Call, _: None) -> None:
    """Put a draft aside."""
    await flow.discard_draft(
        call.db, store_id=call.store_id, version_id=call.resource_id, actor=call.actor, now=call.now
    )


async def revert_policy(call: Call, wish: RevertWish) -> PolicyVersionWhole:
    """Publish the content of an earlier version again."""
    earlier = await _version(call)
    return _whole(
        await flow.revert(
            call.db, store_id=call.store_id, to=earlier.version, after=wish.after, actor=call.actor, now=call.now
        )
    )


async def compare_policies(call: Call, query: ChangesQuery) -> PolicyChanges:
    """Return what changed from one version to this."""
    after = (await _version(call)).version
    found = await review.compare_versions(call.db, store_id=call.store_id, before=query.before, after=after)
    return PolicyChanges(before=query.before, after=after, items=[change_out(change) for change in found])


async def check_policy(call: Call, wish: CheckWish) -> Findings:
    """Return what is wrong with a policy."""
    _, document = await review.policy_of(
        call.db, store_id=call.store_id, version=wish.version, document=await _given(call, wish)
    )
    found = await review.check_policy(call.db, store_id=call.store_id, document=document, now=call.now)
    return Findings(items=[finding_out(finding) for finding in found])


async def explain_policy(call: Call, wish: ExplainWish) -> ExplanationOut:
    """Return what a policy says of an order, or said of a return, and why."""
    if (wish.order is None) is (wish.return_number is None):
        raise Refused("incomplete", "give either order or return_number", field="order")
    if wish.return_number is not None:
        if wish.version is not None or wish.document is not None or wish.lines:
            raise Refused("too_much_given", "a return is explained as it was decided", field="return_number")
        number = int(wish.return_number.removeprefix("R-"))
        return explanation_out(await review.explain_return(call.db, store_id=call.store_id, number=number))
    given = await _given(call, wish)
    try:
        found = await review.explain_order(
            call.db, store_id=call.store_id, order_ref=wish.order or "", now=call.now, kind=wish.kind, channel="api",
            wishes=[AskedLine(line.line_ref, line.quantity, line.reason, line.resolution) for line in wish.lines],
            version=wish.version, document=given,
        )  # fmt: skip
    except Refused as refused:
        field = f"{refused.field}_ref" if (refused.field or "").endswith("].line") else refused.field
        raise Refused(refused.code, refused.message, field=field, facts=refused.facts) from refused
    return explanation_out(found)


async def list_policy_templates(_: Call, _asked: None) -> TemplateList:
    """Return the policies to start from."""
    return TemplateList(
        items=[
            TemplateOut(name=one.name, title=one.title, description=one.description, document=encode(one.make()))
            for one in templates()
        ]
    )


async def get_policy_schema(_: Call, _asked: None) -> SchemaOut:
    """Return the JSON Schema of a policy document."""
    return SchemaOut(schema=schema())


async def _given(call: Call, wish: CheckWish) -> PolicyDocument | None:
    if wish.document is None:
        return None
    if wish.version is not None:
        raise Refused("too_much_given", "give either version or document", field="document")
    with _inside_document():
        return await flow.checked(call.db, store_id=call.store_id, document=wish.document)


async def _version(call: Call) -> PolicyVersion:
    found = await policies.get_version(call.db, call.store_id, call.resource_id)
    if found is None:
        raise Refused(_MISSING, "there is no such policy version")
    return found


def _whole(found: PolicyVersion) -> PolicyVersionWhole:
    facts = asdict(found)
    del facts["store_id"]
    return PolicyVersionWhole(**facts, name=str(facts["document"].get("name", "")))


@contextmanager
def _inside_document() -> Iterator[None]:
    """Name the field of a refusal as the body does."""
    try:
        yield
    except Refused as refused:
        if refused.field in (None, "template", "version"):
            raise
        field = f"document.{refused.field}" if refused.field else "document"
        raise Refused(
            refused.code, refused.message, field=field, facts=refused.facts, objections=refused.objections
        ) from refused


OPERATIONS: Final = (
    Operation(
        id="list_policies", method="GET", path="/policies", tag="Policies", answer=PolicyVersionList, needs_store=True,
        summary="List the versions of the policy", do=list_policies,
    ),
    Operation(
        id="start_policy_draft", method="POST", path="/policies", tag="Policies", status=201, body=DraftWish,
        answer=PolicyVersionWhole, needs_store=True, summary="Start a draft", do=start_draft,
        description="Give a document to import one, the name of a template, or the number of a version.",
    ),
    Operation(
        id="get_policy", method="GET", path="/policies/{id}", tag="Policies", answer=PolicyVersionWhole,
        needs_store=True, missing=_MISSING, summary="Read a version with its document", do=get_policy,
        description="The document is the export: an import of it makes the same policy.",
    ),
    Operation(
        id="save_policy_draft", method="POST", path="/policies/{id}/document", tag="Policies", body=DraftSave,
        answer=PolicyVersionWhole, needs_store=True, missing=_MISSING, summary="Save a draft", do=save_draft,
        description="`state_changed` if somebody else saved it meanwhile. A wrong document is refused with its field.",
    ),
    Operation(
        id="publish_policy_draft", method="POST", path="/policies/{id}/publish", tag="Policies", body=PublishWish,
        answer=PolicyVersionWhole, needs_store=True, missing=_MISSING, summary="Publish a draft", do=publish_draft,
        description="From then on it never changes, and decides every new return. Whatever is refused changes nothing.",
    ),
    Operation(
        id="discard_policy_draft", method="DELETE", path="/policies/{id}", tag="Policies", status=204,
        needs_store=True, missing=_MISSING, summary="Discard a draft", do=discard_draft,
    ),
    Operation(
        id="revert_policy", method="POST", path="/policies/{id}/revert", tag="Policies", body=RevertWish,
        answer=PolicyVersionWhole, needs_store=True, missing=_MISSING, do=revert_policy,
        summary="Publish the content of an earlier version as a new one",
    ),
    Operation(
        id="compare_policies", method="GET", path="/policies/{id}/changes", tag="Policies", query=ChangesQuery,
        answer=PolicyChanges, needs_store=True, missing=_MISSING, do=compare_policies,
        summary="See what changed from another version to this one",
    ),
    Operation(
        id="check_policy", method="POST", path="/policies/check", tag="Policies", body=CheckWish, answer=Findings,
        needs_store=True, writes=False, summary="See what is wrong with a policy", do=check_policy,
        description="Rules that never match, are shadowed, contradict each other or change nothing; offers that nobody "
        "can get; references to nothing. Each with an order that shows it. Writes nothing.",
    ),
    Operation(
        id="explain_policy", method="POST", path="/policies/explain", tag="Policies", body=ExplainWish,
        answer=ExplanationOut, needs_store=True, writes=False, do=explain_policy,
        summary="See what a policy says of an order, and why",
        description="Rule by rule and condition by condition, with the facts compared. Writes nothing.",
    ),
    Operation(
        id="list_policy_templates", method="GET", path="/policy-templates", tag="Policies", answer=TemplateList,
        summary="List the policies to start from", do=list_policy_templates,
    ),
    Operation(
        id="get_policy_schema", method="GET", path="/policy-schema", tag="Policies", answer=SchemaOut,
        summary="Read the JSON Schema of a policy document", do=get_policy_schema,
    ),
)  # fmt: skip
