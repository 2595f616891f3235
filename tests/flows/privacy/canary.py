"""A shopper who is known in every room of the house, and a look into every column for what identifies them."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
from PIL import Image

from retour.core.account import Role
from retour.core.fraud import KeyKind
from retour.core.policy.outcome import MethodKind, MethodOffer, Methods
from retour.core.postal import PostalAddress
from retour.flows import account, fraud, privacy, return_address, rma
from retour.flows import mail as mail_flow
from retour.flows.photo import evidence
from retour.flows.photo.encoding import Photo
from retour.flows.return_address import Place
from retour.store import saved_view, webhook
from retour.store.db import Db
from retour.store.mail import Sender
from retour.store.order import OrderRecord
from retour.store.photo import PhotoKind
from retour.store.privacy import rows
from retour.store.privacy.rows import Request
from retour.store.privacy.tombstone import Tombstones
from tests.stories.house import TEE, House, Units, now, under

NAME = "Ottilie Kanärski"
EMAIL = "ottilie.kanarski@canary.example"
PHONE = "+4915177733311"
STREET = "Kanariengasse 17"
BACK = "Hinterhof Voliere"
TAG = "friend of the owner"
TEXTS = (NAME, EMAIL, PHONE, PHONE.lstrip("+"), STREET, BACK, TAG, "kanarski@", "canary.example", "Kanariengasse")
WAREHOUSE = PostalAddress("Returns", ("Dock 7",), "Hamburg", "DE", "20457")

COLUMNS = """
SELECT n.nspname AS space, c.relname AS name, a.attname AS col, format_type(a.atttypid, NULL) AS kind,
       EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id') AS of_tenant
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
   AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
   AND format_type(a.atttypid, NULL) ~ '^(text|character|bytea|json|name|"char")'
"""
SUMS = """
SELECT jsonb_build_object(
  'postings', (SELECT jsonb_agg(jsonb_build_array(n.reference, p.amount_minor, p.currency) ORDER BY n.reference, p.n)
                 FROM posting p JOIN ledger_entry n ON n.tenant_id = p.tenant_id AND n.id = p.entry_id WHERE p.tenant_id = '$T'),
  'accounts', (SELECT jsonb_agg(jsonb_build_array(path, posted_minor, reserved_minor) ORDER BY path)
                 FROM ledger_account WHERE tenant_id = '$T'),
  'captures', (SELECT jsonb_agg(jsonb_build_array(ref, captured_minor, reserved_minor, refunded_minor) ORDER BY order_id, ref)
                 FROM payment_capture WHERE tenant_id = '$T'),
  'settlements', (SELECT jsonb_agg(jsonb_build_array(id, state, total_minor, plan_hash, plan) ORDER BY id)
                    FROM settlement WHERE tenant_id = '$T'),
  'booked', (SELECT jsonb_agg(jsonb_build_array(settlement_id, n, paid_minor, withheld_minor) ORDER BY settlement_id, n)
               FROM settlement_line WHERE tenant_id = '$T'),
  'effects', (SELECT jsonb_agg(jsonb_build_array(id, state, amount_minor, reference, encode(request_hash, 'hex'))
                    ORDER BY id) FROM effect WHERE tenant_id = '$T'),
  'counters', (SELECT jsonb_agg(to_jsonb(c) ORDER BY order_id, line_ref) FROM order_line_counter c WHERE tenant_id = '$T'),
  'events', (SELECT jsonb_agg(jsonb_build_array(id, type, actor, at, jsonb_path_query_array(data, '$.** ? (@.type() == "number")'))
                    ORDER BY id) FROM event WHERE tenant_id = '$T' AND type NOT LIKE 'privacy.%'),
  'promised', (SELECT jsonb_agg(jsonb_build_array(id, status, promised) ORDER BY id) FROM rma WHERE tenant_id = '$T'))
"""
# Texts in the clear that people and other systems leave: each statement gets the text and the return.
PLAIN = (
    """UPDATE effect SET message = 'sent to ' || $1, result = jsonb_build_object('note', 'to ' || $1) WHERE rma_id = $2""",
    """UPDATE settlement SET report_note = $1, report_ref = $1 WHERE rma_id = $2""",
    """UPDATE return_line SET message = $1, answers = jsonb_build_object('why', $1::text) WHERE rma_id = $2""",
    """UPDATE rma SET decision_before = jsonb_build_object('note', $1::text) WHERE id = $2""",
    """UPDATE sales_order SET document = jsonb_set(document, '{tags}', jsonb_build_array('for ' || $1))
        WHERE id = (SELECT order_id FROM rma WHERE id = $2)""",
    """INSERT INTO withdrawal (tenant_id, id, store_id, channel, actor, language, sealed, person_id, content_sha256,
         received_at, stated_on, state, since, decided_by, reason)
       SELECT current_tenant(), gen_random_uuid(), store_id, 'portal', 'shopper', 'de', '', person_id, repeat('a', 64), now(),
              now()::date, 'closed', now(), 'staff:x', $1 FROM rma WHERE id = $2""",
    """INSERT INTO visit (tenant_id, id, store_id, token_sha256, state, language, asked_at, order_id, answers, created_at,
         seen_at, expires_at)
       SELECT current_tenant(), gen_random_uuid(), store_id, sha256('x'), 'closed', 'de', now(), order_id,
              jsonb_build_object('note', $1::text), now(), now(), now() FROM rma WHERE id = $2""",
    """INSERT INTO exchange_order (tenant_id, settlement_id, rma_id, connection_id, state, articles, pay_url, since, problem)
       SELECT current_tenant(), s.id, s.rma_id, o.connection_id, 'made', '[]', 'https://pay.example/?of=' || $1, now(),
              'refused_there: ' || $1 || ' is invalid'
         FROM settlement s JOIN sales_order o ON o.tenant_id = s.tenant_id AND o.id = s.order_id
        WHERE s.rma_id = $2 LIMIT 1""",
    """INSERT INTO card_hold (tenant_id, id, rma_id, connection_id, state, currency, line_ids, units, days, arrive_days, since,
         back_url, page_url, customer_ref, method_ref)
       SELECT current_tenant(), gen_random_uuid(), r.id, o.connection_id, 'released', 'EUR', ARRAY[r.id], '[]', 14, 7, now(),
              'https://shop.example/?of=' || $1, 'https://pay.example/?of=' || $1, 'cus of ' || $1, 'pm of ' || $1
         FROM rma r JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id WHERE r.id = $2""",
    """INSERT INTO fee_invoice (tenant_id, rma_id, state, since, pay_url, problem)
       SELECT current_tenant(), id, 'ended', now(), 'https://pay.example/?of=' || $1, $1 || ' is invalid' FROM rma WHERE id = $2""",
)


def a_photo() -> Photo:
    into = io.BytesIO()
    Image.new("RGB", (8, 4), "red").save(into, "WEBP")
    return Photo(into.getvalue(), 8, 4)


@dataclass
class Canary:
    """The house, the shopper and their two orders."""

    house: House
    erased: Path
    orders: list[OrderRecord] = field(default_factory=list)
    returns: list[UUID] = field(default_factory=list)
    staff: str = ""
    at: datetime | None = None  # another time than now

    def clock(self) -> datetime:
        return self.at or now()

    async def open(self) -> None:
        """Open a store that mails, makes labels and has somebody who works there."""
        await self.house.open(
            document=replace(under(methods=Methods((MethodOffer(MethodKind.LABEL),))), currency="EUR")
        )
        async with self.house.web.tx(self.house.tenant) as db:
            place = Place("Hamburg", WAREHOUSE)
            await return_address.add(db, store_id=self.house.store, place=place, actor="owner", now=now())
            await mail_flow.change_sender(db, store_id=self.house.store, sender=Sender(), actor="owner", now=now())
            member = await account.add_staff(
                db, email=f"{uuid4().hex}@shop.example", name="Ana Keller", role=Role.OWNER, password_hash=None,
                actor="cli", now=now(),
            )  # fmt: skip
        self.staff = f"staff:{member.id}"

    async def an_order(self, **more: Any) -> OrderRecord:
        """Return an order of the shopper."""
        made = await self.house.an_order(
            TEE,
            customer=NAME,
            email=EMAIL,
            phone=PHONE,
            address={"address1": STREET, "address2": BACK},
            customer_tags=[TAG],
            **more,
        )
        self.orders.append(made)
        return made

    @property
    def person_id(self) -> UUID:
        return self.orders[0].person_id

    async def known_everywhere(self) -> None:
        """Let the shopper return something, and let everybody write their name wherever a text can be written."""
        order = await self.an_order()
        wish = rma.Wish(order.order.lines[0].ref, 2, "too_small", f"please call {NAME} on {PHONE}")
        rma_id = await self.house.ask(order, [wish], channel="portal")
        self.returns.append(rma_id)
        await self._written(rma_id)
        await self.house.approve(rma_id)
        await self.house.do(
            lambda db: rma.waive_fees(
                db, rma_id=rma_id, kind=None, reason=f"{NAME} asked nicely", actor=self.staff, now=now()
            )
        )
        await self.house.receive(rma_id, {0: 2})
        await self.house.inspect(rma_id, Units(0, 2, more={"note": f"box says {NAME}, {STREET}"}))
        await self.house.do(lambda db: self._received(db, rma_id, order))
        await self.house.settle_down()

    async def _written(self, rma_id: UUID) -> None:
        line = (await self.house.see(rma_id)).rma.lines[0]

        async def write(db: Db) -> None:
            for shown in (True, False):
                await rma.add_note(
                    db, rma_id=rma_id, body=f"wrote to {EMAIL}", shown_to_shopper=shown, actor=self.staff, now=now()
                )
            home = PostalAddress(NAME, (STREET, BACK), "Potsdam", "DE", "14467")
            await rma.change_address(db, self.house.vault, rma_id=rma_id, address=home, actor="shopper", now=now())
            await rma.ask(db, rma_id=rma_id, question=f"{NAME}, which size?", actor=self.staff, now=now())
            await rma.answer(db, rma_id=rma_id, text=f"M, says {NAME}", actor="shopper", now=now())
            await rma.retag(db, rma_id=rma_id, add=["kanärski", NAME], remove=[], actor=self.staff, now=now())
            await evidence.keep(
                db, self.house.vault, tenant_id=self.house.tenant, rma_id=rma_id, line_id=line.id,
                kind=PhotoKind.SHOPPER, photo=a_photo(), actor="shopper", now=now(),
            )  # fmt: skip
            await fraud.list_shopper(
                db,
                list_="allow",
                kind=KeyKind.EMAIL,
                value=EMAIL,
                reason=f"{NAME} is good",
                actor=self.staff,
                now=now(),
            )
            staff_id = UUID(self.staff.removeprefix("staff:"))
            await saved_view.save(
                db, staff_id=staff_id, name="Hers", shared=False, query=f"q={EMAIL.replace('@', '%40')}", at=now()
            )

        await self.house.do(write)

    async def _received(self, db: Db, rma_id: UUID, order: OrderRecord) -> None:
        """Rows that other systems and people leave: bodies of nobody, a mail that was refused, words of a platform."""
        raw = json.dumps({"customer": {"email": EMAIL, "name": NAME}}).encode()
        await webhook.receive(
            db, self.house.vault, tenant_id=self.house.tenant, connection_id=self.house.connection, source="carrier:x",
            event_id="1", topic="tracking.updated", raw=raw, at=now(), facts={"reference": NAME},
        )  # fmt: skip
        await db.execute("UPDATE inbox SET done_at = now()")
        refused = f"550 <{EMAIL}>: unknown"
        await db.execute("UPDATE mail SET state = 'failed', last_problem = $1 WHERE state = 'due'", refused)
        await db.execute(
            "INSERT INTO discrepancy (tenant_id, id, kind, resource_kind, resource_id, owner, next_step, details, opened_at)"
            " VALUES (current_tenant(), $1, 'parcel_odd', 'return', $2, 'agent', 'Look', $3, $4)",
            uuid4(), rma_id, {"said": f"{NAME} at {STREET}", "units": 2}, now(),
        )  # fmt: skip
        await db.execute(
            "INSERT INTO goods_observation (tenant_id, id, store_id, rma_id, kind, units, note, actor, at)"
            " VALUES (current_tenant(), $1, $2, $3, 'surplus', 1, $4, 'dock', $5)",
            uuid4(), self.house.store, rma_id, f"a letter of {NAME}", now(),
        )  # fmt: skip
        await db.execute(
            "INSERT INTO second_approval (tenant_id, id, settlement_id, rma_id, verdict, plan_hash, total_minor, actor, note, at)"
            " SELECT current_tenant(), $1, id, rma_id, 'refused', plan_hash, total_minor, 'staff:x', $2, now() FROM settlement"
            "  WHERE rma_id = $3 LIMIT 1",
            uuid4(), f"ask {NAME} first", rma_id,
        )  # fmt: skip
        await db.execute(
            "INSERT INTO effect_observation (tenant_id, effect_id, id, attempt, lease_epoch, what, verdict, message)"
            " SELECT current_tenant(), id, $1, 1, 1, 'readback', 'found', $2 FROM effect WHERE rma_id = $3 LIMIT 1",
            uuid4(), f"sent to {EMAIL}", rma_id,
        )  # fmt: skip
        await self._plain(db, rma_id)
        key = await db.fetchval("SELECT sealed_key FROM person WHERE id = $1", order.person_id)
        sealed = self.house.vault.lock_for_person(
            msgspec.json.encode({"said": EMAIL}), person_key=key, tenant_id=self.house.tenant, person_id=order.person_id
        )
        await db.execute(
            "INSERT INTO intake (tenant_id, id, store_id, source, channel, external_id, state, sealed, sealed_for, order_id,"
            " rma_id, received_at, changed_at, facts)"
            " VALUES (current_tenant(), $1, $2, 'api:x', 'api', 'E-1', 'opened', $3, $4, $5, $6, $7, $7, $8)",
            uuid4(), self.house.store, sealed, order.person_id, order.id, rma_id, now(), {"score": 3, "said": NAME},
        )  # fmt: skip
        await db.execute("UPDATE intake SET reason = $1", f"a friend of {NAME}")

    async def _plain(self, db: Db, rma_id: UUID) -> None:
        """Columns in the clear that people and other systems fill on their ways."""
        for statement in PLAIN:
            await db.execute(statement, EMAIL, rma_id)

    # --- the requests ---------------------------------------------------------------------------------------------------

    @property
    def answerer(self) -> privacy.Answerer:
        return privacy.Answerer(self.house.web, self.house.vault, self.clock, Tombstones(self.erased).write)

    async def received(
        self, raw: bytes, *, topic: str = "tracking.updated", done: bool = True, intake_id: UUID | None = None
    ) -> UUID:
        """Keep what came from elsewhere and belongs to nobody yet, worked on or not."""
        async with self.house.web.tx(self.house.tenant) as db:
            made = await webhook.receive(
                db, self.house.vault, tenant_id=self.house.tenant, connection_id=self.house.connection,
                source="carrier:x", event_id=str(uuid4()), topic=topic, raw=raw, at=now(),
            )  # fmt: skip
            assert made is not None, "its number is new"
            if done:
                await webhook.done(db, made, at=now(), intake_id=intake_id)
        return made

    async def kept(self, inbox_id: UUID) -> bool:
        """Return whether the body of what came is kept."""
        async with self.house.web.tx(self.house.tenant) as db:
            found: bool = await db.fetchval("SELECT body_sealed IS NOT NULL FROM inbox WHERE id = $1", inbox_id)
        return found

    async def ask(self, what: Any) -> UUID:
        """Ask for an export or an erasure and return the request."""
        async with self.house.web.tx(self.house.tenant) as db:
            made: UUID = (await what(db, person_id=self.person_id, actor=self.staff, now=self.clock()))[0]
        return made

    async def work(self, request_id: UUID) -> Request:
        """Do the job of a request and return how it stands."""
        await privacy.answer(self.answerer, tenant_id=self.house.tenant, request_id=request_id)
        return await self.request(request_id)

    async def request(self, request_id: UUID) -> Request:
        async with self.house.web.tx(self.house.tenant) as db:
            found = await rows.get(db, request_id)
        assert found is not None
        return found

    async def later(self, after: timedelta) -> None:
        """Let time pass for requests alone."""
        self.at = self.clock() + after

    # --- looking ------------------------------------------------------------------------------------------------------

    async def found(self, texts: Sequence[str] = TEXTS, tenant: UUID | None = None) -> dict[str, int]:
        """Return the columns of the whole database that hold one of the texts, with the number of rows."""
        owner, found, whose = self.house.owner, dict[str, int](), tenant or self.house.tenant
        await owner.execute("SELECT set_config('app.tenant', $1, false)", str(whose))
        for row in await owner.fetch(COLUMNS):
            col = f'"{row["col"]}"'
            sought = f"position($1::bytea IN {col}) > 0"
            if row["kind"] != "bytea":
                sought = f"position(lower(convert_from($1::bytea, 'UTF8')) IN lower({col}::text)) > 0"
            own = f" AND tenant_id = '{whose}'" if row["of_tenant"] else ""
            query = f'SELECT count(*) FROM "{row["space"]}"."{row["name"]}" WHERE {sought}{own}'
            n = sum([await owner.fetchval(query, text.encode()) for text in texts])
            if n:
                found[f"{row['name']}.{row['col']}"] = n
        return found

    async def sums(self) -> Any:
        """Return every figure of money and units, and every event with its numbers."""
        await self.house.owner.execute("SELECT set_config('app.tenant', $1, false)", str(self.house.tenant))
        return await self.house.owner.fetchval(SUMS.replace("$T", str(self.house.tenant)))

    async def events(self, like: str = "privacy.%") -> list[str]:
        async with self.house.web.tx(self.house.tenant) as db:
            rows_ = await db.fetch("SELECT type FROM event WHERE type LIKE $1 ORDER BY id", like)
        return [row["type"] for row in rows_]
