"""One lane of chaos: a preloaded process that forks the mortals, with a sandbox shop of its own.

`python -m tests.chaos.lane '{"urls": …, "seed": 1, "runs": [0, 4, 2]}'` prints one line of JSON a run.
"""

import asyncio
import contextlib
import gc
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import traceback
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import structlog

from retour.connectors.http import Http, Patience
from retour.connectors.shopify import ShopifyConnector
from retour.core.policy import template
from retour.core.policy.outcome import Moment, SettleOn
from retour.core.ports import Credential
from retour.flows import policy
from retour.ops.postgres import EmbeddedPostgres
from retour.store import order as orders
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from tests.chaos import judging, planted
from tests.chaos.mortal import MortalDatabase, MortalHttp, Points
from tests.chaos.plan import GRADES, Kill, Plan, make
from tests.chaos.story import Cast, Return, Story, now, platforms_of
from tests.waiting import until_seen

RUNS_A_SHOP = 50  # then a fresh shop and a fresh account: the shop counts all it ever did
LIFE_S = 40.0
PATIENCE = Patience(connect_s=2.0, read_s=2.0, whole_s=2.0)
NEW_STORE = "INSERT INTO store (tenant_id, id, shop_name, currency, timezone) VALUES ($1, $2, 'chaos', 'EUR', 'UTC')"
NEW_CONNECTION = (
    "INSERT INTO connection (tenant_id, id, store_id, platform, far_name, base_url)"
    " VALUES ($1, $2, $3, 'shopify', $4, $5)"
)


@dataclass(frozen=True, slots=True)
class Account:
    """A fresh account with one store on the lane's shop."""

    tenant_id: UUID
    store_id: UUID
    connection_id: UUID


class Desk:
    """The lane's sandbox shop, in a process of its own, and its control desk."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "retour.sandbox",
            "--port",
            str(self.port),
            "--orders",
            "0",
            "--points-per-s",
            "0",
        ]
        self._process = subprocess.Popen(command)
        self.url = f"http://127.0.0.1:{self.port}"
        until_seen(self._answers, within_seconds=60)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return bool(self.ask("GET", "health")["ok"])
        return False

    def ask(self, method: str, path: str, **wish: Any) -> Any:
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            wire.request(method, f"/_sandbox/{path}", json.dumps(wish) if wish or method == "POST" else None)
            answer = wire.getresponse()
            said = json.loads(answer.read())
            assert answer.status == 200, said
            return said
        finally:
            wire.close()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)


class Lane:
    """Plays runs one after the other; every mortal is a fork of this process, which holds no connection itself."""

    def __init__(self, wish: dict[str, Any]) -> None:
        self.wish = wish
        self.desk = Desk()
        self.postgres = None
        if wish.get("data_dir"):
            self.postgres = EmbeddedPostgres(Path(wish["data_dir"]), system_dir=Path(wish["system_dir"]))
        self.vault = Vault.open(Path(wish["keys"]), role="all")
        self.account: Account | None = None
        self.played = 0

    def run_or_tell(self, plan: Plan) -> dict[str, Any]:
        """Play one run; what breaks the lane itself is told as the run's problem, and the next run starts afresh."""
        try:
            return self.run(plan)
        except Exception:  # noqa: BLE001 - the lane's edge
            self.account = None
            nothing: dict[str, Any] = {"killed": [], "databases": [], "errors": [], "seen": [], "waiting": []}
            broken = [f"the lane broke: {traceback.format_exc()[:1500]}"]
            return nothing | {"number": plan.number, "seconds": 0, "parked": 0, "doubles": 0, "problems": broken}

    def run(self, plan: Plan) -> dict[str, Any]:
        """Play one run and return what came of it."""
        start = time.monotonic()
        if self.account is None or self.played % RUNS_A_SHOP == 0:
            self.desk.ask("POST", "reset", orders=0)
            self.account = asyncio.run(self._open_account())
        self.played += 1
        self.desk.ask("POST", "behave")
        self.desk.ask("POST", "settings", **plan.settings)
        made = self.desk.ask("POST", "orders", **plan.order)
        wanted = asyncio.run(self._mirror(plan, made["id"]))
        for rule in plan.mischief:
            self.desk.ask("POST", "misbehave", **rule)
        told, problems = self._lives(plan, wanted, made["name"])
        ours, counts, books = self._look(wanted, made["name"])
        wrong, parked = judging.at_the_end(ours, counts, books)
        problems += wrong
        if problems:
            self.account = None  # what is broken stays in this shop's counts
        spent = {"number": plan.number, "seconds": round(time.monotonic() - start, 2), "parked": parked}
        waiting = [e for e in ours["effects"] if e["parked"]] if parked else []
        doubles = len(counts["broken"]["double_refunds"])
        proof = {"plan": asdict(plan), "told": told, "effects": ours["effects"]} if problems or parked else {}
        return spent | {"problems": problems, "waiting": waiting, "doubles": doubles, **_deaths(told), **proof}

    def _lives(self, plan: Plan, wanted: Return, order: str) -> tuple[list[str], list[str]]:
        """Let one after the other live and die, and the last one finish; return what they told and what went wrong."""
        told: list[str] = []
        problems: list[str] = []
        for turn, kill in enumerate((*plan.kills, None)):
            mortals = [self._fork(plan, wanted, kill, has_web=True)]
            if turn and plan.has_rival:
                mortals.append(self._fork(plan, wanted, None, has_web=False))
            for mortal in mortals:
                told += self._until_death(*mortal)
            if plan.keys != "kept":
                self.desk.ask("POST", "forget-keys")
            if kill is not None:
                problems += [f"after {kill}: {wrong}" for wrong in judging.always(*self._look(wanted, order))]
        return told, problems + [line for line in told if line.startswith("stuck")]

    def _look(self, wanted: Return, order: str) -> tuple[Any, Any, Any]:
        counts = self.desk.ask("GET", "counts")
        books = self.desk.ask("GET", f"books?order={order.replace('#', '%23')}")["orders"][order]
        return asyncio.run(self._facts(wanted)), counts, books

    # --- forking ----------------------------------------------------------------------------------------------------

    def _fork(self, plan: Plan, wanted: Return, kill: Kill | None, *, has_web: bool) -> tuple[int, int]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._be(plan, wanted, kill, writing, has_web=has_web)
        os.close(writing)
        return child, reading

    def _until_death(self, child: int, reading: int) -> list[str]:
        """Return what a mortal told until it died or was done; a killed database is started again meanwhile."""
        told = []
        with os.fdopen(reading) as pipe:
            for line in pipe:
                told.append(line.rstrip("\n"))
                if line.startswith("database postmaster"):
                    dead = int(line.split()[2])
                    until_seen(lambda dead=dead: self._is_replaced(dead), within_seconds=120)  # type: ignore[misc]
        os.waitpid(child, 0)
        return told

    def _is_replaced(self, dead: int) -> bool:
        assert self.postgres is not None
        self.postgres.ensure_running()
        status = self.postgres.status()  # a killed server looks alive until it is reaped
        return status.running and status.pid != dead

    def _be(self, plan: Plan, wanted: Return, kill: Kill | None, writing: int, *, has_web: bool) -> NoReturn:
        def tell(line: str) -> None:
            os.write(writing, (line.replace("\n", " ") + "\n").encode())

        try:
            asyncio.run(self._live(plan, wanted, kill, tell, has_web=has_web))
        except BaseException as error:  # noqa: BLE001 - the end of the process: what is not told now is lost
            tell(f"stuck: {type(error).__name__}: {error} {traceback.format_exc()[-300:]}")
        finally:
            os._exit(0)

    async def _live(self, plan: Plan, wanted: Return, kill: Kill | None, tell: Any, *, has_web: bool) -> None:
        random.seed(f"{plan.seed}:{plan.number}")
        points = Points(kill, tell=tell, postmaster=self._postmaster if self.postgres else None)
        databases = []
        for role in ("app", "executor"):
            database = await MortalDatabase.open(self.wish["urls"][role], pool_min=0, pool_max=2, patience_s=30)
            database.points = points
            databases.append(database)
        wire = MortalHttp(internal=True, patience=PATIENCE)
        wire.points = points
        connector = planted.connector(self.wish.get("plant"), wire)
        cast = Cast(
            databases[0],
            databases[1],
            connector,
            Credential(self.desk.url, "sandbox-token"),
            points,
            platforms_of(connector, plan.keys),
            PolicyCache(),
            self.vault,
        )
        story = Story(cast, wanted, is_calm=plan.is_calm, has_web=has_web, on_error=lambda line: tell(f"error {line}"))
        await story.live(within_seconds=LIFE_S)
        if self.wish.get("watch"):
            tell("seen " + ";".join(sorted(points.seen)))

    def _postmaster(self) -> int:
        assert self.postgres is not None
        pid = self.postgres.status().pid
        assert pid is not None
        return pid

    # --- what a run starts from and is judged by --------------------------------------------------------------------

    async def _open_account(self) -> Account:
        account = Account(new_id(), new_id(), new_id())
        database = await Database.open(self.wish["urls"]["app"], pool_min=0, pool_max=1, patience_s=30)
        async with database.tx(account.tenant_id) as db:
            await db.execute("INSERT INTO account (tenant_id, name) VALUES ($1, 'Chaos')", account.tenant_id)
            await db.execute(NEW_STORE, account.tenant_id, account.store_id)
            far_name = f"{account.tenant_id.hex}.example"
            await db.execute(
                NEW_CONNECTION, account.tenant_id, account.connection_id, account.store_id, far_name, self.desk.url
            )
        await database.close()
        return account

    async def _mirror(self, plan: Plan, ref: str) -> Return:
        assert self.account is not None
        async with Http(internal=True) as wire:
            fetched = await ShopifyConnector(wire).get_order(Credential(self.desk.url, "sandbox-token"), ref=ref)
        assert fetched is not None
        database = await Database.open(self.wish["urls"]["app"], pool_min=0, pool_max=1, patience_s=30)
        async with database.tx(self.account.tenant_id) as db:
            saved = await orders.save_mirrored(
                db, self.vault, connection_id=self.account.connection_id, fetched=fetched, at=now()
            )
            document = template()
            terms = replace(document.defaults, settle_on=SettleOn(Moment(plan.settle_on)))
            document = replace(document, defaults=terms)
            await policy.publish(db, store_id=self.account.store_id, document=document, actor="test", now=now())
        await database.close()
        chance = random.Random(f"grades {plan.seed}:{plan.number}")
        grades = [chance.choice(GRADES) for _ in range(8)]
        where = self.account
        return Return(where.tenant_id, where.store_id, saved.record.id, new_id(), plan.wishes, grades, plan.batches)

    async def _facts(self, wanted: Return) -> Any:
        database = await Database.open(self.wish["urls"]["app"], pool_min=0, pool_max=1, patience_s=30)
        try:
            return await judging.facts(database, wanted)
        finally:
            await database.close()


def _deaths(told: list[str]) -> dict[str, list[str]]:
    return {
        "killed": [line.removeprefix("killed ") for line in told if line.startswith("killed ")],
        "databases": [line.removeprefix("database ") for line in told if line.startswith("database ")],
        "errors": [line for line in told if line.startswith("error ")],
        "seen": [point for line in told if line.startswith("seen ") for point in line[5:].split(";")],
    }


def main() -> None:
    """Play the runs that the argument asks for and print what came of each."""
    wish = json.loads(sys.argv[1])
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the shop goes, too
    lane = Lane(wish)
    try:
        gc.freeze()
        for number in range(*wish["runs"]):
            plan = make(wish["seed"], number, kills_database=lane.postgres is not None)
            plan = replace(plan, **planted.forced(wish.get("plant"), number)) if wish.get("plant") else plan
            if wish.get("watch"):
                plan = replace(plan, kills=(), mischief=(), keys="kept")
            sys.stdout.write(json.dumps(lane.run_or_tell(plan)) + "\n")
            sys.stdout.flush()
    finally:
        lane.desk.close()


if __name__ == "__main__":
    main()
