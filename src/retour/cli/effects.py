"""Effects: the calls to outside systems, and the ones that wait for a person."""

from typing import Any
from uuid import UUID

import click

from retour.cli.frame import ACTOR, House, account_option, in_account, json_option, now, table, tell, uuid_of
from retour.core.effect import EffectState
from retour.core.errors import Refused
from retour.flows import effect as effect_flow
from retour.store import effect as effects
from retour.store.db import Database
from retour.store.effect import EffectRow


@click.group("effect", cls=House)
def effect_command() -> None:
    """Effects: one call to an outside system each."""


@effect_command.command("list")
@click.option("--state", type=click.Choice([state.value for state in EffectState]), help="Only those in this state.")
@click.option("--parked", "only_parked", is_flag=True, help="Only those that wait for a person.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@account_option
@json_option
def list_effects(*, state: str | None, only_parked: bool, limit: int, account: str | None, as_json: bool) -> None:
    """List effects, newest first."""

    async def read(database: Database, tenant_id: UUID) -> list[EffectRow]:
        async with database.tx(tenant_id) as db:
            return await effects.newest(db, state=state, parked=only_parked, limit=limit)

    found = in_account(account, read)
    head = ("id", "made", "kind", "state", "reference", "amount", "tries", "")
    rows = [
        (
            e.id, f"{e.created_at:%Y-%m-%d %H:%M}", e.kind.value, e.state.value, e.reference,
            "" if e.amount_minor is None else f"{e.amount_minor} {e.currency}", e.tries,
            "waits for a person" if e.parked_at else "",
        )
        for e in found
    ]  # fmt: skip
    tell(found, table(head, rows), as_json=as_json)


@effect_command.command("show")
@click.argument("effect_id")
@account_option
@json_option
def show_effect(effect_id: str, *, account: str | None, as_json: bool) -> None:
    """Show one effect with every try and everything that was seen of it."""
    wanted = uuid_of(effect_id, "effect_not_found")

    async def read(database: Database, tenant_id: UUID) -> dict[str, Any]:
        async with database.tx(tenant_id) as db:
            row = await effects.get(db, wanted)
            if row is None:
                raise Refused("effect_not_found", "there is no such effect")
            return {
                "effect": row,
                "attempts": [dict(found) for found in await effects.list_attempts(db, wanted)],
                "observations": [dict(found) for found in await effects.list_observations(db, wanted)],
            }

    found = in_account(account, read)
    tell(found, _lines(found), as_json=as_json)


def _lines(found: dict[str, Any]) -> list[str]:
    e: EffectRow = found["effect"]
    facts = [
        ("kind", e.kind.value), ("state", e.state.value + (", waits for a person" if e.parked_at else "")),
        ("reference", e.reference), ("for", e.business_ref), ("key", f"{e.idem_key} (generation {e.key_generation})"),
        ("amount", None if e.amount_minor is None else f"{e.amount_minor} {e.currency} (minor units)"),
        ("far id", e.far_id), ("far code", e.far_code), ("message", e.message), ("due", f"{e.due_at:%Y-%m-%d %H:%M:%S}"),
    ]  # fmt: skip
    lines = [f"{name:<10} {value}" for name, value in facts if value is not None]
    lines += [f"try {a['n']:<6} {a['sent_at']:%Y-%m-%d %H:%M:%S}" for a in found["attempts"]]
    return lines + [_seen(o) for o in found["observations"]]


def _seen(o: dict[str, Any]) -> str:
    said = " ".join(text for text in (o["what"], o["verdict"], o["far_code"], o["message"]) if text)
    return f"{o['at']:%Y-%m-%d %H:%M:%S}  try {o['attempt']}: {said}"


@effect_command.command("hand-back")
@click.argument("effect_id")
@account_option
def hand_back_effect(effect_id: str, *, account: str | None) -> None:
    """Give an effect that waits for a person back to the executor, which reads back before it sends."""
    wanted = uuid_of(effect_id, "effect_not_found")

    async def hand_back(database: Database, tenant_id: UUID) -> None:
        async with database.tx(tenant_id) as db:
            await effect_flow.hand_back(db, effect_id=wanted, actor=ACTOR, now=now())

    in_account(account, hand_back)
    click.echo(f"handed back {wanted}")
