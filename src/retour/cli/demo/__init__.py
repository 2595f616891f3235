"""`retour demo`: a whole installation with a sandbox shop, and two returns on it from request to refund."""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Final

import click

from retour.cli.demo import installing, seeding, story, telling
from retour.cli.demo.asking import Far, Unexpected, until
from retour.cli.demo.installing import Merchant, Place
from retour.cli.demo.story import Cast
from retour.cli.frame import json_option, run, tell
from retour.cli.processes import prepare
from retour.main.calling import Caller, local_caller
from retour.ops.supervisor import Supervisor
from retour.store import instance
from retour.store.db import Database

Say = Callable[[str], None]
INTERRUPTED: Final = 130


@click.command("demo")
@click.option("--once", is_flag=True, help="End after the story instead of serving.")
@json_option
def demo_command(*, once: bool, as_json: bool) -> None:
    """Run two returns on a sandbox shop, from request to refund and restock, and compare all books."""
    sys.exit(run(demo(once=once, as_json=as_json)))


async def demo(*, once: bool, as_json: bool) -> int:
    """Run the demo and return the status of the process: 0 only if all books agree."""
    began = time.monotonic()
    where = installing.place(once=once)

    def say(text: str) -> None:
        if not as_json:
            click.echo(f"  {time.monotonic() - began:5.1f} s  {text}")

    say(f"starting PostgreSQL, web, worker, executor, and a sandbox shop and carrier in {where.settings.data_dir}")
    urls, server = await prepare(where.settings)
    log_path = where.settings.data_dir / "demo.log"
    with log_path.open("a", encoding="utf-8") as log:
        parts = installing.parts(where, urls)
        supervisor = Supervisor(parts, data_dir=where.settings.data_dir, server=server, out=log)
        started = asyncio.Event()  # until then another demo may own this data
        keeping = asyncio.create_task(supervisor.run(started=started.set))
        playing = asyncio.create_task(_play(where, urls.app, began, say, started, once=once, as_json=as_json))
        try:
            return await _until_over(supervisor, keeping, playing, once=once)
        except Unexpected as stuck:
            click.echo(f"demo_stuck: {stuck}\nWhat the processes said: {log_path}", err=True)
            return 1
        finally:
            supervisor.request_stop()
            await asyncio.gather(keeping, return_exceptions=True)


async def _until_over(
    supervisor: Supervisor, keeping: asyncio.Task[None], playing: asyncio.Task[int], *, once: bool
) -> int:
    """Wait for the end of the story, and of the serving after it; a signal ends either."""
    await asyncio.wait({keeping, playing}, return_when=asyncio.FIRST_COMPLETED)
    if playing.done() and not (supervisor.is_stopping and playing.exception()):
        status = playing.result()
        if status == 0 and not once:
            await keeping
        return status
    playing.cancel()  # what it fails with now is only the end of the others
    await asyncio.gather(playing, return_exceptions=True)
    await keeping  # raises what kept the supervisor from running
    return INTERRUPTED


async def _play(
    where: Place, app_url: str, began: float, say: Say, started: asyncio.Event, *, once: bool, as_json: bool
) -> int:
    await started.wait()
    async with local_caller() as http:
        sandbox, web = Far(http, where.sandbox), Far(http, where.web)
        database = await Database.open(app_url, name="retour-demo", pool_min=0, pool_max=2)
        try:
            await _may_pay(database, where)
            merchant = await installing.open_merchant(database, where)
            await until(lambda: web.answers("/readyz"), "the web process")
            await until(lambda: sandbox.answers("/_sandbox/health"), "the sandbox")
            await installing.introduce(sandbox, merchant, where)
            say("running; two shoppers order, and send back")
            cast = _cast(http, where, merchant)
            whole = await story.play_all(cast)
            elapsed_s = time.monotonic() - began
            document = telling.document(whole, merchant.names, elapsed_s)
            lines = [*telling.story(whole, merchant.names), "", f"  {elapsed_s:.1f} s in all"]
            if not once and document["agreed"]:
                await installing.start_sync(database, merchant)
                document["open"] = _open(where, merchant)
                lines += ["", *(f"  {what:<20}  {where_}" for what, where_ in document["open"].items())]
            tell(document, lines, as_json=as_json)
            if not once and document["agreed"]:
                say("filling the desk: more shoppers order and send back")
                say(f"{await seeding.fill(cast)} returns more, in every state; stop with Ctrl-C")
            return 0 if document["agreed"] else 1
        finally:
            await database.close()


async def _may_pay(database: Database, where: Place) -> None:
    """Raise Unexpected where nothing would ever be sent: a folder that was deleted leaves its database to a stranger."""
    async with database.tx(None) as db:
        state = await instance.check_instance(db, where.settings.data_dir, joined=where.settings.instance_id)
    if not state.may_move_money:
        why = state.reason or "the kill switch is on"
        raise Unexpected(f"the database of this folder moves no money: {why}. Another RETOUR_DATA_DIR starts afresh")


def _cast(http: Caller, where: Place, merchant: Merchant) -> Cast:
    def calls(who: str) -> Far:
        return Far(http, f"{where.web}/api/v1", {"X-API-Key": merchant.keys[who], "X-Shop-Name": installing.SHOP})

    return Cast(agent=calls("agent"), warehouse=calls("warehouse"), sandbox=Far(http, where.sandbox))


def _open(where: Place, merchant: Merchant) -> dict[str, str]:
    """Return what a visitor may open, by what it is."""
    return {
        "dashboard": f"{where.web}/dashboard",
        "sign in as": merchant.login.email,
        "password": merchant.login.password,
        "warehouse": f"{where.web}/warehouse",
        "shopper's portal": f"{where.web}/returns/{merchant.handle}",
        "sandbox shop": f"{where.sandbox}/admin",
        "mail": f"{where.sandbox}/mail",
        "API, to try out": f"{where.web}/api/v1/docs",
        "API key": merchant.keys["owner"],
        "shop name": installing.SHOP,
    }
