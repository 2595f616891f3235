"""The process that moves returns on, tells people and reads."""

from retour.doors.queue import Runner, Sweep
from retour.main.catalogue import catalogue_work
from retour.main.delivering import delivery_work
from retour.main.guarding import alarm_work, escalate_withdrawal_work, escalate_work, notice_work
from retour.main.house import House, utc_now
from retour.main.logistics import label_work
from retour.main.mailing import mail_work
from retour.main.picture import picture_work
from retour.main.privacy import forget_old_work, privacy_work
from retour.main.runner import found, runner_of
from retour.main.settling import remind_work
from retour.main.simulating import forget_simulations_work, simulation_work
from retour.main.tasks import advance_work, forget_work, inbox_work, passed_on, sync_work
from retour.main.visits import forget_visits_work, look_up_work
from retour.main.withdrawals import match_work
from retour.store import due
from retour.store.jobs import Queue, Task


def worker_runner(here: House) -> Runner:
    """Return the process that moves returns on and tells people."""
    tasks = {
        Task.ADVANCE: advance_work(here),
        Task.DELIVER: delivery_work(here),
        Task.MAIL: mail_work(here),
        Task.FETCH_PICTURE: picture_work(here.database, here.pictures, utc_now),
        Task.READ_INBOX: passed_on(here, Task.READ_INBOX, inbox_work(here)),
        Task.SYNC_ORDERS: passed_on(here, Task.SYNC_ORDERS, sync_work(here)),
        Task.LOOK_UP: look_up_work(here),
        Task.SIMULATE: simulation_work(here.database, utc_now),
        Task.ALARM: alarm_work(here),
        Task.NOTICE: notice_work(here),
        Task.MATCH_WITHDRAWAL: match_work(here),
        Task.LABEL: label_work(here),
        Task.PRIVACY: privacy_work(here),
        Task.CATALOGUE: catalogue_work(here),
    }
    sweeps = [
        Sweep("returns", found(due.rmas), tasks[Task.ADVANCE]),
        Sweep("reports", found(due.reports), remind_work(here)),
        Sweep("alarms", found(due.alarms), tasks[Task.ALARM]),
        Sweep("notices", found(due.notices), tasks[Task.NOTICE]),
        Sweep("escalations", found(due.escalations), escalate_work(here)),
        Sweep("waiting withdrawals", found(due.withdrawal_waits), escalate_withdrawal_work(here)),
        Sweep("deliveries", found(due.deliveries), tasks[Task.DELIVER]),
        Sweep("mail", found(due.mail), tasks[Task.MAIL]),
        Sweep("inbox", found(due.inbox), tasks[Task.READ_INBOX]),
        Sweep("orders", found(due.syncs), tasks[Task.SYNC_ORDERS]),
        Sweep("look-ups", found(due.visits), tasks[Task.LOOK_UP]),
        Sweep("questions to catalogues", found(due.catalogue_asks), tasks[Task.CATALOGUE]),
        Sweep("withdrawals", found(due.withdrawals), tasks[Task.MATCH_WITHDRAWAL]),
        Sweep("pictures", found(due.pictures), tasks[Task.FETCH_PICTURE]),
        Sweep("expired keys", found(due.expired_keys), forget_work(here)),
        Sweep("expired visits", found(due.expired_visits), forget_visits_work(here)),
        Sweep("labels", found(due.labels), tasks[Task.LABEL]),
        Sweep("simulations", found(due.simulations), tasks[Task.SIMULATE]),
        Sweep("privacy", found(due.privacy), tasks[Task.PRIVACY]),
        Sweep("old data", found(due.retention), forget_old_work(here)),
        Sweep("expired simulations", found(due.expired_simulations), forget_simulations_work(here.database, utc_now)),
    ]
    return runner_of(here, [Queue.WORK], tasks, sweeps)
