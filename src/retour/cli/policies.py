"""Policies: read, checked, compared, explained and published; a file is looked at without any database."""

import contextlib
import sys
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import click
import msgspec

from retour.cli.frame import (
    ACTOR,
    House,
    Told,
    account_option,
    find_store,
    in_account,
    json_option,
    now,
    store_option,
    table,
    tell,
)
from retour.cli.policy_words import changes_told, explanation_told, findings_told
from retour.cli.simulating import simulate_policy
from retour.core.errors import Refused
from retour.core.policy import Asked, PolicyDocument, decode, diff, encode, template, template_named, templates
from retour.core.policy.conflicts import Finding, Severity, find_conflicts
from retour.core.policy.schema import schema
from retour.doors.api.policy_shapes import change_out, explanation_out, finding_out, version_out
from retour.flows import policy as flow
from retour.flows import policy_review as review
from retour.store import policy as policies
from retour.store.db import Database, Db
from retour.store.expression import Cel

T = TypeVar("T")
_STDIN: Final = "-"
_TEMPLATE: Final = "template"


class NotFit(Told):
    """What a check says of a policy that is none, or that has errors: status 1."""

    exit_code = 1


@click.group("policy", cls=House)
def policy_command() -> None:
    """Policies: versioned, and immutable once published."""


@policy_command.command("list")
@account_option
@store_option
@json_option
def list_policies(*, account: str | None, store: str | None, as_json: bool) -> None:
    """List the versions of a store's policy, newest first."""

    async def read(db: Db, store_id: UUID) -> list[Any]:
        return [version_out(row) for row in await policies.list_versions(db, store_id)]

    found = _in_store(account, store, read)
    rows = [(v.version, v.state, v.name, v.changed_by, f"{v.changed_at:%Y-%m-%d %H:%M}") for v in found]
    tell(
        found, table(("version", "state", "name", "changed by", "changed"), rows, right=frozenset({0})), as_json=as_json
    )


@policy_command.command("show")
@click.argument("version", type=int, required=False)
@account_option
@store_option
@click.option("--versions", is_flag=True, help="List all versions instead.")
@json_option
def show_policy(*, version: int | None, account: str | None, store: str | None, versions: bool, as_json: bool) -> None:
    """Print the published policy of a store, or a VERSION by its number, as JSON."""

    async def read(db: Db, store_id: UUID) -> tuple[Any, list[dict[str, Any]]]:
        listed = [dict(row) for row in await policies.list_versions(db, store_id)]
        if versions:
            return None, listed
        return encode((await _meant(db, store_id, version))[1]), listed

    document, listed = _in_store(account, store, read)
    if versions:
        rows = [(v["version"], v["state"], v["author"], f"{v['created_at']:%Y-%m-%d %H:%M}") for v in listed]
        tell(listed, table(("version", "state", "author", "made"), rows), as_json=as_json)
        return
    tell(document, (), as_json=True)


@policy_command.command("export")
@click.argument("version", type=int, required=False)
@click.option("--to", "path", type=click.Path(dir_okay=False), help="Write it into a file instead.")
@account_option
@store_option
def export_policy(*, version: int | None, path: str | None, account: str | None, store: str | None) -> None:
    """Print the published policy, or a VERSION, as the file that `import`, `publish` and `check` take."""

    async def read(db: Db, store_id: UUID) -> PolicyDocument:
        return (await _meant(db, store_id, version))[1]

    document = encode(_in_store(account, store, read))
    if path is None:
        tell(document, (), as_json=True)
        return
    Path(path).write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


@policy_command.command("import")
@click.argument("source")
@account_option
@store_option
@json_option
def import_policy(*, source: str, account: str | None, store: str | None, as_json: bool) -> None:
    """Make a draft of a JSON file (SOURCE, - for stdin, or template:NAME); nothing is in force until it is published."""
    document = _read(source)

    async def add(db: Db, store_id: UUID) -> policies.PolicyVersion:
        with _telling():
            return await flow.start_draft(db, store_id=store_id, actor=ACTOR, now=now(), document=document)

    made = _in_store(account, store, add)
    tell({"id": made.id, "version": made.version, "state": made.state}, [f"draft {made.version}"], as_json=as_json)


@policy_command.command("publish")
@click.argument("source")
@click.option("--automatic", is_flag=True, help="With `template`: approve requests without a person.")
@click.option("--after", type=int, help="Only if this version (0 for none) is the published one still.")
@account_option
@store_option
@json_option
def publish_policy(
    *, source: str, automatic: bool, after: int | None, account: str | None, store: str | None, as_json: bool
) -> None:
    """Publish the policy in a JSON file (SOURCE, or - for stdin), a draft by its number, or `template[:NAME]`."""
    is_automatic = automatic and source == _TEMPLATE
    given = encode(template(automatic=True)) if is_automatic else None if source.isdecimal() else _read(source)

    async def publish(db: Db, store_id: UUID) -> tuple[int, PolicyDocument]:
        in_force = await policies.published(db, store_id)
        expected = after if after is not None else (in_force[1] if in_force else 0)
        with _telling():
            if given is None:
                found = await policies.numbered(db, store_id, int(source))
                if found is None:
                    raise Refused("policy_not_found", f"there is no version {source}")
                out = await flow.publish_draft(
                    db, store_id=store_id, version_id=found, after=expected, actor=ACTOR, now=now()
                )
                return out.version, decode(out.document)
            document = await flow.checked(db, store_id=store_id, document=given)
            done = await flow.publish_after(
                db, store_id=store_id, document=document, after=expected, actor=ACTOR, now=now()
            )
            return done, document

    version, document = _in_store(account, store, publish)
    tell({"version": version, "document": encode(document)}, [f"published version {version}"], as_json=as_json)


@policy_command.command("revert")
@click.argument("version", type=int)
@account_option
@store_option
@json_option
def revert_policy(*, version: int, account: str | None, store: str | None, as_json: bool) -> None:
    """Publish the content of an earlier VERSION as a new one."""

    async def revert(db: Db, store_id: UUID) -> policies.PolicyVersion:
        in_force = await policies.published(db, store_id)
        after = in_force[1] if in_force else 0
        return await flow.revert(db, store_id=store_id, to=version, after=after, actor=ACTOR, now=now())

    made = _in_store(account, store, revert)
    words = [f"published version {made.version}, which is version {version} again"]
    tell({"version": made.version, "origin_version": version}, words, as_json=as_json)


@policy_command.command("check")
@click.argument("source", required=False)
@click.option("--version", "number", type=int, help="Check a version instead of a file.")
@account_option
@store_option
@json_option
def check_policy(
    *, source: str | None, number: int | None, account: str | None, store: str | None, as_json: bool
) -> None:
    """Tell what is wrong with a JSON file (no database is asked), or with a version; status 1 if there are errors."""
    document, found = _checked_file(source) if source else _checked_version(number, account, store)
    lines = findings_told(document, found)
    tell({"items": [finding_out(one) for one in found]}, lines, as_json=as_json)
    if any(one.severity is Severity.ERROR for one in found):
        raise SystemExit(NotFit.exit_code)


@policy_command.command("diff")
@click.argument("before")
@click.argument("after")
@account_option
@store_option
@json_option
def diff_policies(*, before: str, after: str, account: str | None, store: str | None, as_json: bool) -> None:
    """Tell what changed from BEFORE to AFTER, each a version by its number or a JSON file."""
    old, new = (_side(side, account, store) for side in (before, after))
    changes = diff(old, new)
    tell({"items": [change_out(change) for change in changes]}, changes_told(changes), as_json=as_json)


@policy_command.command("explain")
@click.argument("ref")
@click.option("--version", "number", type=int, help="Under this version instead of the published one.")
@click.option("--document", "source", help="Under the policy in a JSON file.")
@click.option("--line", "lines", multiple=True, help="Only these lines, by their refs.")
@click.option("--reason", help="As if this reason had been given, for one unit of each line.")
@account_option
@store_option
@json_option
def explain_policy(
    *, ref: str, number: int | None, source: str | None, lines: tuple[str, ...], reason: str | None,
    account: str | None, store: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Tell why the lines of an order (REF, its number or id) may come back or not, or what decided a return (R-10042)."""

    async def read(db: Db, store_id: UUID) -> review.Explained:
        if ref.startswith("R-") and ref[2:].isdecimal() and len(ref) <= 20:
            return await review.explain_return(db, store_id=store_id, number=int(ref[2:]))
        document = None if source is None else await flow.checked(db, store_id=store_id, document=_read(source))
        asked = [Asked(line, 1 if reason else None, reason) for line in lines]
        if reason and not asked:
            plain = await review.explain_order(
                db, store_id=store_id, order_ref=ref, now=now(), version=number, document=document
            )
            asked = [Asked(line.line.ref, 1, reason) for line in plain.lines]
        return await review.explain_order(
            db, store_id=store_id, order_ref=ref, now=now(), wishes=asked, version=number, document=document
        )

    found = _in_store(account, store, read)
    tell(explanation_out(found), explanation_told(found), as_json=as_json)


@policy_command.command("templates")
@json_option
def list_templates(*, as_json: bool) -> None:
    """List the policies to start from: `retour policy import template:NAME`."""
    rows = [(one.name, one.title, one.description) for one in templates()]
    told = [{"name": name, "title": title, "description": description} for name, title, description in rows]
    tell(told, table(("name", "title", "what it says"), rows), as_json=as_json)


@policy_command.command("schema")
def show_schema() -> None:
    """Print the JSON Schema of a policy document."""
    tell(schema(), (), as_json=True)


def _in_store(account: str | None, store: str | None, work: Callable[[Db, UUID], Coroutine[Any, Any, T]]) -> T:
    """Do some work in one transaction of the store that is meant."""

    async def working(database: Database, tenant_id: UUID) -> T:
        async with database.tx(tenant_id) as db:
            return await work(db, (await find_store(db, store)).id)

    return in_account(account, working)


async def _meant(db: Db, store_id: UUID, version: int | None) -> tuple[int | None, PolicyDocument]:
    if version is None and await policies.published(db, store_id) is None:
        raise Refused("policy_not_published", "the store has no published policy: `retour policy publish template`")
    return await review.policy_of(db, store_id=store_id, version=version)


def _read(source: str) -> Any:
    """Return a document as plain JSON: from a file, from stdin, or a template."""
    if source == _TEMPLATE:
        return encode(template())
    if source.startswith(f"{_TEMPLATE}:"):
        return encode(template_named(source.removeprefix(f"{_TEMPLATE}:")).make())
    raw = sys.stdin.buffer.read() if source == _STDIN else Path(source).read_bytes()
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        raise Refused("invalid_policy", f"{source} is not JSON: {error}") from error


def _decoded(source: str) -> PolicyDocument:
    """Return the policy in a file; raise Refused that names rule, field and reason."""
    plain = _read(source)
    with _telling():
        try:
            return decode(plain)
        except Refused as refused:
            raise flow.naming_rule(refused, plain) from refused


def _checked_file(source: str) -> tuple[PolicyDocument, tuple[Finding, ...]]:
    try:
        document = _decoded(source)
    except Refused as refused:
        raise NotFit(refused.code, refused.message) from refused
    return document, find_conflicts(document, today=now().astimezone(UTC).date(), expressions=Cel())


def _checked_version(
    number: int | None, account: str | None, store: str | None
) -> tuple[PolicyDocument, tuple[Finding, ...]]:
    async def read(db: Db, store_id: UUID) -> tuple[PolicyDocument, tuple[Finding, ...]]:
        _, document = await _meant(db, store_id, number)
        return document, await review.check_policy(db, store_id=store_id, document=document, now=now())

    return _in_store(account, store, read)


def _side(side: str, account: str | None, store: str | None) -> PolicyDocument:
    if not side.isdecimal():
        return _decoded(side)

    async def read(db: Db, store_id: UUID) -> PolicyDocument:
        return (await review.policy_of(db, store_id=store_id, version=int(side)))[1]

    return _in_store(account, store, read)


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """Add the rule to the words of a refusal inside one."""
    try:
        yield
    except Refused as refused:
        if "rule" not in refused.facts:
            raise
        named = refused.facts.get("rule_name")
        rule = f"rule {refused.facts['rule']}" + (f" “{named}”" if named else "")
        raise Refused(refused.code, f"{rule}: {refused.message}", field=refused.field) from refused


policy_command.add_command(simulate_policy)
