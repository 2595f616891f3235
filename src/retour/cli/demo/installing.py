"""Makes the demo's installation: its processes, a merchant with a store, keys and a policy, and both connections."""

import dataclasses
import fcntl
import os
import secrets
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, TextIO
from uuid import UUID

import msgspec

from retour import settings as settings_room
from retour.cli.demo import furnishing
from retour.cli.demo.asking import Far
from retour.cli.demo.furnishing import Login
from retour.cli.frame import ACTOR, now, web_vault
from retour.cli.processes import house_parts, sandbox_mail, sandbox_part
from retour.core.account import Role as StaffRole
from retour.core.policy import PolicyDocument, Rule, template
from retour.core.policy.document import Compare, Op
from retour.core.policy.outcome import Approval, Approving, Outcomes, RefundTerms
from retour.flows import account as account_flow
from retour.flows import connection as connection_flow
from retour.flows import order as order_flow
from retour.flows import policy as policy_flow
from retour.ops.postgres import Urls
from retour.ops.supervisor import Role
from retour.settings import Settings
from retour.store.db import Database, Db
from retour.store.ids import new_id

SHOP: Final = "Sandbox Outfitters"
DOMAIN: Final = "sandbox.myshopify.com"
USUAL_PORT: Final = 8000
SEEDED_ORDERS: Final = 200
DAMAGED_DEDUCTION_BP: Final = 4000
# Quick steps and loopback addresses, unless the environment says otherwise.
DEFAULTS: Final = {"RETOUR_SWEEP_S": "2", "RETOUR_ALLOW_PRIVATE_URLS": "1"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demo runs: settings, the sandbox's ports, and the environment its processes share."""

    settings: Settings
    sandbox_port: int
    environ: Mapping[str, str]
    hold: TextIO | None = None
    smtp_port: int = 0

    @property
    def web(self) -> str:
        """Return the address of the web process."""
        return f"http://127.0.0.1:{self.settings.web_port}"

    @property
    def sandbox(self) -> str:
        """Return the address of the sandbox."""
        return f"http://127.0.0.1:{self.sandbox_port}"


@dataclass(frozen=True, slots=True)
class Merchant:
    """The demo's merchant: keys by who uses them, names of the keys by id, a login, and the connection to the shop."""

    tenant_id: UUID
    store_id: UUID
    login: Login
    handle: str
    keys: Mapping[str, str] = dataclasses.field(repr=False)
    names: Mapping[str, str]
    shop_id: UUID
    carrier_id: UUID
    secrets: Mapping[str, str] = dataclasses.field(repr=False)


class _Before(msgspec.Struct):
    """What an earlier demo on the same data left behind."""

    tenant_id: UUID
    connections: list[UUID]
    store_id: UUID | None = None


def place(*, once: bool) -> Place:
    """Choose where to run: RETOUR_DATA_DIR or .data/demo of this folder; free ports unless RETOUR_PORT is set."""
    environ = {name: value for name, value in DEFAULTS.items() if not os.environ.get(name)}
    if not os.environ.get("RETOUR_DATA_DIR"):
        environ["RETOUR_DATA_DIR"] = str(Path.cwd() / ".data" / "demo")
    hold = None
    if not os.environ.get("RETOUR_PORT"):
        hold = None if once else _claim_usual_port()
        environ["RETOUR_PORT"] = str(_free_port() if hold is None else USUAL_PORT)
    settings = settings_room.load({**os.environ, **environ})
    return Place(settings, _free_port(), environ, hold, smtp_port=_free_port())


def parts(where: Place, urls: Urls) -> list[Role]:
    """Return the demo's processes: the sandbox and the roles of an installation."""
    options = ("--domain", DOMAIN, "--orders", str(SEEDED_ORDERS), "--smtp-port", str(where.smtp_port))
    sandbox = sandbox_part(where.sandbox_port, *options)
    mail = sandbox_mail(where.settings, where.smtp_port)
    house = house_parts(where.settings, urls)
    shared = dict(where.environ)
    return [
        sandbox, *(Role(role.name, role.argv, shared | dict(role.env) | mail.get(role.name, {})) for role in house)
    ]  # fmt: skip


async def open_merchant(database: Database, where: Place) -> Merchant:
    """Open an account with everything the story needs; what an earlier demo connected is disconnected first."""
    await _leave_earlier(database, where.settings.data_dir)
    tenant_id, at = new_id(), now()
    given = {name: secrets.token_urlsafe(24) for name in ("read", "write", "shop webhooks", "carrier webhooks")}
    async with database.tx(tenant_id) as db:
        await account_flow.create_account(
            db, tenant_id=tenant_id, name=f"Sandbox merchant {at:%Y-%m-%d %H:%M:%S.%f}", actor=ACTOR, now=at
        )
        store = await account_flow.create_store(
            db, shop_name=SHOP, timezone="Europe/Berlin", currency="EUR", actor=ACTOR, now=at
        )
        keys, names = await _keys(db)
        await policy_flow.publish(db, store_id=store.id, document=policy(), actor=ACTOR, now=at)
        shop_id, carrier_id = await _connect(db, where, tenant_id, store.id, given)
    login, handle = await furnishing.furnish(database, tenant_id=tenant_id, store_id=store.id)
    before = _Before(tenant_id, [shop_id, carrier_id], store.id)
    (where.settings.data_dir / "demo.json").write_bytes(msgspec.json.encode(before))
    return Merchant(tenant_id, store.id, login, handle, keys, names, shop_id, carrier_id, given)


def policy() -> PolicyDocument:
    """Return the demo's policy: small requests are approved at once, larger ones by hand; 40 % off what is damaged."""
    first = template(automatic=True)
    by_hand = Rule(
        id="larger-requests",
        name="A person looks at requests of more than two units",
        when=Compare("return.item_count", Op.GT, 2),
        then=Outcomes(decision=Approving(Approval.REVIEW)),
    )
    defaults = dataclasses.replace(first.defaults, refund_terms=RefundTerms(damaged_deduction_bp=DAMAGED_DEDUCTION_BP))
    return dataclasses.replace(first, name="Demo", defaults=defaults, rules=(*first.rules, by_hand))


async def introduce(sandbox: Far, merchant: Merchant, where: Place) -> None:
    """Tell the sandbox which tokens to accept and where its signed messages go."""
    told = merchant.secrets
    await sandbox.post(
        "/_sandbox/settings",
        {"tokens": [told["read"], told["write"]], "webhook_secret": told["shop webhooks"]},
    )
    await sandbox.post("/_sandbox/webhooks", {"subscribe": [f"{where.web}/hooks/shopify/{merchant.shop_id}"]})
    carrier = {"url": f"{where.web}/hooks/carrier/{merchant.carrier_id}", "secret": told["carrier webhooks"]}
    await sandbox.post("/carrier/settings", carrier)


async def start_sync(database: Database, merchant: Merchant) -> None:
    """Let all orders of the shop come in."""
    async with database.tx(merchant.tenant_id) as db:
        await order_flow.start_sync(db, connection_id=merchant.shop_id, since=now() - timedelta(days=3650), at=now())


async def _keys(db: Db) -> tuple[dict[str, str], dict[str, str]]:
    keys, names = {}, {}
    for who, role in (("owner", StaffRole.OWNER), ("agent", StaffRole.AGENT), ("warehouse", StaffRole.WAREHOUSE)):
        key = await account_flow.create_key(db, name=who, role=role, actor=ACTOR, now=now())
        keys[who], names[str(key.id)] = key.text, who
    return keys, names


async def _connect(
    db: Db, where: Place, tenant_id: UUID, store_id: UUID, given: Mapping[str, str]
) -> tuple[UUID, UUID]:
    vault = web_vault(where.settings)
    shop = await connection_flow.connect(
        db, vault, tenant_id=tenant_id, store_id=store_id, platform="shopify", far_name=DOMAIN, base_url=where.sandbox,
        write={"token": given["write"]}, read={"token": given["read"]},
        webhook_secrets=[given["shop webhooks"].encode()], allow_private_urls=True, actor=ACTOR, now=now(),
    )  # fmt: skip
    carrier = await connection_flow.connect(
        db, vault, tenant_id=tenant_id, store_id=store_id, platform="carrier", far_name="sandbox",
        base_url=f"{where.sandbox}/carrier", write={"token": "none"},
        webhook_secrets=[given["carrier webhooks"].encode()], allow_private_urls=True, actor=ACTOR, now=now(),
    )  # fmt: skip
    return shop.id, carrier.id


async def _leave_earlier(database: Database, data_dir: Path) -> None:
    """Disconnect the shop of an earlier run: its sandbox has forgotten everything."""
    kept = data_dir / "demo.json"
    if not kept.exists():
        return
    before = msgspec.json.decode(kept.read_bytes(), type=_Before)
    async with database.tx(before.tenant_id) as db:
        for connection_id in before.connections:
            await connection_flow.disconnect(db, connection_id=connection_id, actor=ACTOR, now=now())
        if before.store_id is not None:
            await furnishing.make_room(db, store_id=before.store_id)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


def _claim_usual_port() -> TextIO | None:
    """Return the hold on the usual port, kept while it is open; nothing if it is taken, also by a demo that starts."""
    try:
        hold = (Path(tempfile.gettempdir()) / f"retour-demo-{USUAL_PORT}.lock").open("a", encoding="ascii")
    except OSError:  # another user's
        return None
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", USUAL_PORT))
    except OSError:
        hold.close()
        return None
    return hold
