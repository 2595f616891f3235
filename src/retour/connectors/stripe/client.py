"""Sends requests to Stripe and reads pages: the only part of its connector that touches the network."""

from collections.abc import Mapping
from typing import Any, Final

from retour.connectors.http import Http
from retour.connectors.stripe import translate
from retour.core.card import CardSeen, PageSeen
from retour.core.effect import CARD_KINDS, Effect, EffectKind
from retour.core.platforms import STRIPE
from retour.core.ports import CapabilityRecord, Credential, Outcome, ReadBack, Unreachable, WireAnswer, WireRequest

VERSION: Final = "2026-10-28.endive"  # of the API that requests are made for
# Keys are kept for a day with the first answer, errors of the server included (docs.stripe.com/api/idempotent_requests):
# repeating such an answer for long says nothing, so that a key is relied on for minutes and then the state is read.
# What we make is found by our metadata in lists, which show it at once.
RECORD: Final = CapabilityRecord(
    key="header", key_window_s=600, over_refund_guard="amount", searchable_reference="metadata.retour_effect",
    natural_guard="the state of the authorisation", list_lag_s=5, far_timeout_s=80, serialise_by="none",
)  # fmt: skip


class StripeConnector:
    """Amounts held on cards, in the account whose secret (or restricted) key the connection holds."""

    platform = STRIPE
    records: Mapping[EffectKind, CapabilityRecord] = dict.fromkeys(CARD_KINDS, RECORD)

    def __init__(self, http: Http):
        self._http = http

    async def send(self, at: Credential, request: WireRequest) -> WireAnswer:
        """Send one request once and return what came back; never raise for the network, never retry."""
        headers = {
            **request.headers, "accept": "application/json", "authorization": f"Bearer {at.secret}",
            "stripe-version": VERSION,
        }  # fmt: skip
        url = at.base_url.rstrip("/") + request.path
        return await self._http.send(method=request.method, url=url, headers=headers, body=request.body)

    def build(self, effect: Effect) -> WireRequest:
        """Return the request of an effect."""
        return translate.build(effect)

    def classify(self, effect: Effect, answer: WireAnswer) -> Outcome:
        """Return what the answer means for the effect."""
        return translate.classify(effect, answer)

    def build_guard(self, effect: Effect) -> WireRequest | None:  # noqa: ARG002 - the port's signature
        """Return nothing: what we make carries our reference."""
        return None

    def read_guard(self, effect: Effect, answer: WireAnswer) -> Mapping[str, object] | None:  # noqa: ARG002
        """Return no facts."""
        return {}

    def build_readback(self, effect: Effect) -> WireRequest:
        """Return the read that shows whether the effect happened."""
        return translate.build_readback(effect)

    def read_back(self, effect: Effect, answer: WireAnswer) -> ReadBack:
        """Return what that read shows."""
        return translate.read_back(effect, answer)

    async def see_page(self, at: Credential, *, ref: str) -> PageSeen | None:
        """Return how a page stands, nothing for one that is not known there; raise Unreachable."""
        said = await self._see(at, translate.page(ref))
        return None if said is None else translate.page_seen(said)

    async def see_card(self, at: Credential, *, ref: str) -> CardSeen | None:
        """Return how an authorisation stands, nothing for one that is not known there; raise Unreachable."""
        said = await self._see(at, translate.intent(ref))
        return None if said is None else translate.card_seen(said)

    async def _see(self, at: Credential, request: WireRequest) -> Mapping[str, Any] | None:
        answer = await self.send(at, request)
        if answer.silence is not None:
            raise Unreachable("no answer")
        if answer.status == 404:
            return None
        if answer.status in (401, 403):
            raise Unreachable("the key is refused", needs_reconnect=True)
        said = translate.read(answer)
        if answer.status != 200 or not said:
            raise Unreachable(f"answered {answer.status}", retry_after_s=30.0)
        return said
