"""The time of the server for each page of the desk, with 20,000 returns in every state."""

import asyncio
import http.client
import secrets
import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final

import asyncpg

from retour.core.account import Role
from retour.core.sign_in import token_sha256
from retour.flows import account as accounts
from retour.store import session
from retour.store.db import Database, set_codecs
from retour.store.ids import new_id

from .create_return import prepare, script_of
from .installation import Installation, Merchant, installation
from .report import Report
from .statements import CLIENTS, pgbench

RETURNS: Final = 20_000
ROUNDS: Final = 60
LIMIT_MS: Final = 60.0

# Two of three are done; the others wait for people and machines, over half a year.
SPREAD: Final = (
    """
UPDATE rma SET requested_at = now() - (number * 7 % 180) * interval '1 day' - (number % 86400) * interval '1 second',
       status = CASE WHEN number % 20 < 13 THEN 'resolved' WHEN number % 20 IN (13, 14) THEN 'requested' ELSE 'approved' END,
       blocked_actor = (ARRAY['agent', 'agent', 'warehouse', 'finance', 'shopper', 'carrier', 'platform'])[number % 20 - 12],
       blocked_code = (ARRAY['decision_needed', 'held', 'awaiting_inspection', 'effect_failed', 'awaiting_shipment',
                             'in_transit', 'effect_in_flight'])[number % 20 - 12],
       blocked_since = CASE WHEN number % 20 < 13 THEN NULL ELSE now() - (number % 96) * interval '1 hour' END,
       resolved_at = CASE WHEN number % 20 < 13 THEN now() - (number * 7 % 170) * interval '1 day' END, due_at = NULL
 WHERE tenant_id = $1
""",
    """
UPDATE person SET name = 'Shopper ' || left(md5(id::text), 12), email = left(md5(id::text), 12) || '@example.com',
       email_folded = left(md5(id::text), 12) || '@example.com'
 WHERE tenant_id = $1
""",
    """
INSERT INTO settlement (tenant_id, id, rma_id, order_id, seq, batch_id, part, resolution, state, currency, total_minor,
                        plan, plan_hash, created_at, settled_at)
SELECT r.tenant_id, gen_random_uuid(), r.id, r.order_id, 1, gen_random_uuid(), 1, 'refund_original', 'settled', 'EUR', 3800,
       r.promised -> 'plans' -> 0, 'x', r.requested_at, r.resolved_at
  FROM rma r WHERE r.tenant_id = $1 AND r.status = 'resolved'
""",
)


def run(report: Report) -> None:
    """Open the returns by the product's own statements, spread them over every state, then read the pages."""
    with installation() as here:
        merchant, orders = asyncio.run(prepare(here, RETURNS + 10))
        statements = asyncio.run(script_of(here, merchant, orders))
        pgbench(here, statements, orders, each=(RETURNS - 10) // CLIENTS)
        token, paths = asyncio.run(_spread(here, merchant))
        here.analyze()
        (port,) = here.start_web(1)
        for path in paths:
            times = _times(port, path, token)
            name = f"page {path.partition('?')[0][10:] or '/'}{' ' + path.partition('?')[2] if '?' in path else ''}"
            report.add(name[:60], "median ms", median(times))
            report.add(name[:60], "p95 ms", sorted(times)[int(len(times) * 0.95)], at_most=LIMIT_MS)


async def _spread(here: Installation, merchant: Merchant) -> tuple[str, list[str]]:
    """Spread the returns, sign an owner in, and return their token with the pages to read."""
    owner = await asyncpg.connect(here.urls.owner)
    await set_codecs(owner)
    await owner.execute("SELECT set_config('app.tenant', $1, false)", str(merchant.tenant_id))
    for statement in SPREAD:
        await owner.execute(statement, merchant.tenant_id)
    one = await owner.fetchrow(
        "SELECT r.number, r.order_id, r.person_id, p.name, p.email FROM rma r JOIN person p ON p.id = r.person_id"
        " WHERE r.blocked_code = 'awaiting_inspection' ORDER BY r.number LIMIT 1"
    )
    await owner.close()
    token = await signed_in(here, merchant)
    number, desk = f"R-{one['number']}", "/dashboard"
    return token, [
        desk,
        f"{desk}/returns",
        f"{desk}/returns?view=all",
        f"{desk}/returns?view=all&page=399",
        f"{desk}/returns?view=done&sort=oldest",
        f"{desk}/returns?view=all&resolution=refund_original&channel=api",
        f"{desk}/returns?view=all&blocker=awaiting_inspection&since=2020-01-01",
        f"{desk}/returns?q={number}",
        f"{desk}/returns?q={one['email']}",
        f"{desk}/returns?q={one['name'][8:14]}",
        f"{desk}/returns/{number}",
        f"{desk}/returns/{number}/note",
        f"{desk}/returns/{number}/policy",
        f"{desk}/orders",
        f"{desk}/orders?q={one['name'][8:14]}",
        f"{desk}/orders/{one['order_id']}",
        f"{desk}/customers",
        f"{desk}/customers?page=200",
        f"{desk}/customers/{one['person_id']}",
        f"{desk}/exceptions",
        f"{desk}/find?q={one['name'][8:14]}",
    ]


async def signed_in(here: Installation, merchant: Merchant) -> str:
    """Sign an owner in and return their token."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    database = await Database.open(here.urls.app, pool_max=1)
    async with database.tx(merchant.tenant_id) as db:
        member = await accounts.add_staff(
            db, email="bench@example.com", name="Bench", role=Role.OWNER, password_hash=None, actor="bench", now=now
        )
        await session.add(
            db, session_id=new_id(), staff_id=member.id, token_sha256=token_sha256(token), store_id=None,
            user_agent="bench", created_at=now, expires_at=now + timedelta(days=1),
        )  # fmt: skip
    await database.close()
    return token


def _times(port: int, path: str, token: str) -> list[float]:
    """Return how long each of the answers took, in milliseconds, one after the other on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": f"retour_session={token}", "Accept": "text/html"}
    times = []
    for turn in range(ROUNDS + 10):
        began = time.perf_counter()
        connection.request("GET", path.replace(" ", "%20"), headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered {answer.status}")
        if turn >= 10:
            times.append((time.perf_counter() - began) * 1000)
    connection.close()
    return times
