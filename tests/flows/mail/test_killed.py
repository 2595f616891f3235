"""A worker killed for real while it hands a mail over: before the message left another sends it, after that nobody does."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from retour.core.mail import MailState
from retour.flows.mail import LEASE, Delivered
from retour.ops.postgres import Urls
from tests.flows.mail.bag import Bag
from tests.waiting import until

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[3]


async def kill_while(bag: Bag, urls: Urls, keys: Path, where: str, how: str) -> UUID:
    """Let a process hand the mail over, and kill it as soon as the server has come to that place."""
    mail_id = await bag.plan()
    rule = bag.room.misbehave({"where": where, "how": how, "seconds": 600})
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.flows.mail.mortal",
        urls.app, str(keys), str(bag.tenant_id), str(mail_id), str(bag.port),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
    )  # fmt: skip

    async def there() -> bool:
        return bool(rule.hits)

    await until(there)
    worker.send_signal(signal.SIGKILL)
    assert await worker.wait() == -signal.SIGKILL
    bag.clock.wind(by=LEASE + timedelta(minutes=1))
    return mail_id


@pytest.mark.parametrize("where", ["ehlo", "mail", "rcpt", "data"])
async def test_killed_before_the_message_left_it_is_delivered_once(
    bag: Bag, urls: Urls, tmp_path: Path, where: str
) -> None:
    mail_id = await kill_while(bag, urls, tmp_path / "keys", where, "hang_before")

    assert await bag.carry(mail_id) == Delivered(MailState.DELIVERED)
    assert (len(bag.subjects()), (await bag.look(mail_id)).tries) == (1, 2)


async def test_killed_after_the_message_left_it_is_unknown_and_there_is_one(
    bag: Bag, urls: Urls, tmp_path: Path
) -> None:
    mail_id = await kill_while(bag, urls, tmp_path / "keys", "message", "hang_after")

    assert await bag.carry(mail_id) is None
    seen = await bag.look(mail_id)
    assert (seen.state, seen.tries, len(bag.subjects())) == (MailState.UNKNOWN, 1, 1)
    assert [c.kind for c in await bag.complaints()] == ["mail_unknown"]
