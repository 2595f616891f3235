"""The process that moves money, stock and labels."""

from retour.doors.queue import Runner, Sweep
from retour.main.catalogue import catalogue_work
from retour.main.house import House
from retour.main.runner import found, runner_of
from retour.main.settling import card_hold_work, exchange_work, settle_step
from retour.main.tasks import effect_step, in_a_row, inbox_work, sync_work
from retour.main.visits import look_up_work
from retour.main.withdrawals import match_work
from retour.store import due
from retour.store.jobs import Queue, Task


def executor_runner(here: House) -> Runner:
    """Return the process that moves money, stock and labels; it also reads for connections with one credential."""
    steps = {Task.CARRY_OUT: effect_step(here), Task.SETTLE: settle_step(here)}
    tasks = {
        **{task: in_a_row(here, steps, task) for task in steps},
        Task.READ_INBOX: inbox_work(here),
        Task.SYNC_ORDERS: sync_work(here),
        Task.LOOK_UP: look_up_work(here),
        Task.MATCH_WITHDRAWAL: match_work(here),
        Task.EXCHANGE: exchange_work(here),
        Task.CATALOGUE: catalogue_work(here),
        Task.CARD_HOLD: card_hold_work(here),
    }
    sweeps = [
        Sweep("effects", found(due.effects), tasks[Task.CARRY_OUT]),
        Sweep("settlements", found(due.settlements), tasks[Task.SETTLE]),
        Sweep("exchanges", found(due.exchanges), tasks[Task.EXCHANGE]),
        Sweep("card holds", found(due.card_holds), tasks[Task.CARD_HOLD]),
    ]
    return runner_of(here, [Queue.MONEY], tasks, sweeps)
