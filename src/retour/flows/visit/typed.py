"""What a shopper typed, kept sealed for as long as it is needed, and the HMACs that stand for it elsewhere."""

import hashlib
import hmac
from uuid import UUID

import msgspec

from retour.store.order import fold_name
from retour.store.vault import Vault


class Typed(msgspec.Struct, frozen=True):
    """An order number and what should prove it: an e-mail address, a phone number or a postcode.

    Whoever got the goods as a gift adds their own address and perhaps their name.
    """

    number: str
    contact: str = ""
    receiver: str = ""
    name: str = ""


def seal(vault: Vault, typed: Typed, *, tenant_id: UUID, purpose: str) -> bytes:
    """Return what was typed, padded so that its length tells nothing, locked for a purpose."""
    plain = msgspec.json.encode(typed)
    return vault.lock(plain.ljust(1024), tenant_id=tenant_id, purpose=purpose)


def unseal(vault: Vault, sealed: bytes, *, tenant_id: UUID, purpose: str) -> Typed:
    """Return what `seal` locked; raise NotMyKey for another purpose."""
    return msgspec.json.decode(vault.unlock(sealed, tenant_id=tenant_id, purpose=purpose), type=Typed)


def of_visit(visit_id: UUID) -> str:
    """Return the purpose under which a visit keeps what was typed."""
    return f"visit:{visit_id}"


def bucket_key(vault: Vault, *, tenant_id: UUID, what: str) -> bytes:
    """Return the key of a bucket, from which nobody can tell whose it is."""
    return _hmac(vault, tenant_id, "visit-limit", what.encode("utf-8", "replace"))


def number_key(vault: Vault, *, tenant_id: UUID, store_id: UUID, number: str) -> bytes:
    """Return the key of the bucket of an order number, whether there is such an order or not."""
    return bucket_key(vault, tenant_id=tenant_id, what=f"{store_id} {fold_name(number)}")


def code_hmac(vault: Vault, *, tenant_id: UUID, visit_id: UUID, code: str) -> bytes:
    """Return what is kept of a code: it fits in this visit, that is in this browser, alone."""
    return _hmac(vault, tenant_id, "visit-code", visit_id.bytes + code.encode("ascii"))


def _hmac(vault: Vault, tenant_id: UUID, purpose: str, what: bytes) -> bytes:
    return hmac.new(vault.derive(tenant_id=tenant_id, purpose=purpose), what, hashlib.sha256).digest()
