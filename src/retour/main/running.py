"""Runs the worker and the executor beside a watch on the database's standing."""

import asyncio
import contextlib
import signal

import structlog

from retour.doors.queue import Runner
from retour.main.house import House
from retour.store import instance

_log = structlog.get_logger(__name__)


async def work(here: House) -> None:
    """Run the worker or the executor until SIGTERM or SIGINT."""
    runner = _runner(here)
    watching = asyncio.create_task(watch(here))
    watching.add_done_callback(lambda _: runner.stop())  # blind it must not go on: the supervisor starts it again
    try:
        await run_until_signalled(runner)
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


def _runner(here: House) -> Runner:
    """Return the process of a role; it carries only what that role needs."""
    if here.role == "executor":
        from retour.main.executor import executor_runner  # noqa: PLC0415 - no templates in the process that pays

        return executor_runner(here)
    from retour.main.worker import worker_runner  # noqa: PLC0415 - likewise

    return worker_runner(here)


async def watch(here: House) -> None:
    """Look at start and with every sweep which database this is; the executor of a current one raises its beat."""
    data_dir, told = here.settings.data_dir, instance.Standing.CURRENT
    while True:
        async with here.database.tx(None) as db:
            state = await instance.check_instance(db, data_dir, joined=here.settings.instance_id)
            current = state.standing is instance.Standing.CURRENT
            raised = await instance.raise_beat(db) if current and here.role == "executor" else None
        if raised is not None:
            instance.saw(data_dir, *raised)
        if state.standing is not told:
            _log.warning("the database's standing", standing=state.standing.value, reason=state.reason)
        told = state.standing
        await asyncio.sleep(here.settings.sweep_s)


async def run_until_signalled(runner: Runner) -> None:
    """Run a process until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, runner.stop)
    await runner.run()
