"""Policies: read the published version, or publish a new one."""

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec

from retour.cli.frame import (
    ACTOR,
    House,
    account_option,
    find_store,
    in_account,
    json_option,
    now,
    store_option,
    table,
    tell,
)
from retour.core.errors import Refused
from retour.core.policy import decode, encode, template
from retour.flows import policy as flow
from retour.store import policy as policies
from retour.store.db import Database


@click.group("policy", cls=House)
def policy_command() -> None:
    """Policies: versioned, and immutable once published."""


@policy_command.command("show")
@account_option
@store_option
@click.option("--versions", is_flag=True, help="List all versions instead.")
@json_option
def show_policy(*, account: str | None, store: str | None, versions: bool, as_json: bool) -> None:
    """Print the published policy of a store as JSON."""

    async def read(database: Database, tenant_id: UUID) -> tuple[Any, list[dict[str, Any]]]:
        async with database.tx(tenant_id) as db:
            found = await find_store(db, store)
            here = await policies.context(db, found.id)
            listed = [dict(row) for row in await policies.list_versions(db, found.id)]
            if here is None or here.policy_version_id is None:
                return None, listed
            published = await policies.document(db, here.policy_version_id)
        return published and published[1], listed

    document, listed = in_account(account, read)
    if versions:
        rows = [(v["version"], v["state"], v["author"], f"{v['created_at']:%Y-%m-%d %H:%M}") for v in listed]
        tell(listed, table(("version", "state", "author", "made"), rows), as_json=as_json)
        return
    if document is None:
        raise Refused("policy_not_published", "the store has no published policy: `retour policy publish template`")
    tell(document, (), as_json=True)


@policy_command.command("publish")
@click.argument("source")
@click.option("--automatic", is_flag=True, help="With `template`: approve requests without a person.")
@account_option
@store_option
@json_option
def publish_policy(*, source: str, automatic: bool, account: str | None, store: str | None, as_json: bool) -> None:
    """Publish the policy in a JSON file (SOURCE, or - for stdin), or the one to start from (SOURCE `template`)."""
    document = template(automatic=automatic) if source == "template" else decode(_read(source))

    async def publish(database: Database, tenant_id: UUID) -> int:
        async with database.tx(tenant_id) as db:
            found = await find_store(db, store)
            return await flow.publish(db, store_id=found.id, document=document, actor=ACTOR, now=now())

    version = in_account(account, publish)
    tell({"version": version, "document": encode(document)}, [f"published version {version}"], as_json=as_json)


def _read(source: str) -> Any:
    raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        raise Refused("invalid_policy", f"{source} is not JSON: {error}") from error
