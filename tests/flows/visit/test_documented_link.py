"""The link as a merchant's own mail makes it by the words of docs/operators/portal.md."""

import hashlib
import hmac
from urllib.parse import urlencode

import pytest

from retour.core.visit import VisitState
from retour.store import look as looks
from tests.flows.visit.conftest import Counter
from tests.flows.visit.test_proving import follow

pytestmark = pytest.mark.anyio


async def test_a_link_made_by_hand_lets_in(counter: Counter) -> None:
    await counter.order()
    secret = await counter.do(
        lambda db: looks.link_secret(
            db, counter.vault, tenant_id=counter.shop.tenant_id, store_id=counter.shop.store_id
        )
    )
    assert secret is not None
    until = int(counter.now.timestamp()) + 5_184_000
    sign = hmac.new(secret, f"#1001\n{until}".encode(), hashlib.sha256).hexdigest()

    said = urlencode({"order": "#1001", "until": until, "sign": sign})

    assert await follow(counter, f"https://shop.example/link?{said}") is VisitState.PROVEN
