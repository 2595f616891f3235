"""Secrets at rest: credentials sealed to the process that uses them, personal documents under a key per person.

Three keys. The house key (every process) protects webhook secrets and the keys of people. The worker's and the
executor's are key pairs: whoever holds the public half can seal a credential, only that process can open it.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

_NONCE: Final = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_KEY: Final = bindings.crypto_aead_xchacha20poly1305_ietf_KEYBYTES


class NotMyKey(RuntimeError):  # noqa: N818 - a refusal
    """This process does not hold the key, or the sealed bytes belong to somebody else."""


@dataclass(frozen=True, slots=True, repr=False)
class Vault:
    """The keys that one process holds; the private halves are there only in the worker and the executor."""

    house: bytes
    worker_public: bytes
    executor_public: bytes
    worker_private: bytes | None = None
    executor_private: bytes | None = None

    @classmethod
    def open(cls, folder: Path, *, role: str = "web") -> Self:
        """Read the keys of `folder` that the role (web, worker, executor, all) may hold; make missing ones first."""
        _make_missing(folder)
        read = {name: (folder / name).read_bytes() for name in ("house.key", "worker.pub", "executor.pub")}
        return cls(
            house=read["house.key"],
            worker_public=read["worker.pub"],
            executor_public=read["executor.pub"],
            worker_private=(folder / "worker.key").read_bytes() if role in ("worker", "all") else None,
            executor_private=(folder / "executor.key").read_bytes() if role in ("executor", "all") else None,
        )

    def seal_for_worker(self, plain: bytes) -> bytes:
        """Seal a read credential; only the worker opens it."""
        return SealedBox(PublicKey(self.worker_public)).encrypt(plain)

    def seal_for_executor(self, plain: bytes) -> bytes:
        """Seal a credential that moves money; only the executor opens it."""
        return SealedBox(PublicKey(self.executor_public)).encrypt(plain)

    def open_as_worker(self, sealed: bytes) -> bytes:
        """Open a read credential; raise NotMyKey anywhere but in the worker."""
        return _unseal(self.worker_private, sealed)

    def open_as_executor(self, sealed: bytes) -> bytes:
        """Open a credential that moves money; raise NotMyKey anywhere but in the executor."""
        return _unseal(self.executor_private, sealed)

    def lock(self, plain: bytes, *, tenant_id: UUID, purpose: str) -> bytes:
        """Encrypt under the house key, bound to the tenant and the purpose (e.g. `person:<id>`)."""
        return _lock(self.house, plain, _bound(tenant_id, purpose))

    def unlock(self, locked: bytes, *, tenant_id: UUID, purpose: str) -> bytes:
        """Decrypt what `lock` made for the same tenant and purpose; raise NotMyKey otherwise."""
        return _unlock(self.house, locked, _bound(tenant_id, purpose))

    def derive(self, *, tenant_id: UUID, purpose: str) -> bytes:
        """Return 32 bytes that only this house can make again, for the tenant and the purpose; to sign or to hash with."""
        return hashlib.blake2b(_bound(tenant_id, purpose), key=self.house, digest_size=_KEY).digest()

    def new_person_key(self, *, tenant_id: UUID, person_id: UUID) -> bytes:
        """Make a person's data key, locked for storage; destroying it makes the person's documents unreadable."""
        return self.lock(secrets.token_bytes(_KEY), tenant_id=tenant_id, purpose=f"person:{person_id}")

    def lock_for_person(self, plain: bytes, *, person_key: bytes, tenant_id: UUID, person_id: UUID) -> bytes:
        """Encrypt a document under the person's own key (`person_key` as stored)."""
        key = self.unlock(person_key, tenant_id=tenant_id, purpose=f"person:{person_id}")
        return _lock(key, plain, _bound(tenant_id, f"document:{person_id}"))

    def unlock_for_person(self, locked: bytes, *, person_key: bytes, tenant_id: UUID, person_id: UUID) -> bytes:
        """Decrypt a document of the person; raise NotMyKey if the key is another's."""
        key = self.unlock(person_key, tenant_id=tenant_id, purpose=f"person:{person_id}")
        return _unlock(key, locked, _bound(tenant_id, f"document:{person_id}"))


def _bound(tenant_id: UUID, purpose: str) -> bytes:
    return tenant_id.bytes + purpose.encode()


def _lock(key: bytes, plain: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, bound, nonce, key)


def _unlock(key: bytes, locked: bytes, bound: bytes) -> bytes:
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(locked[_NONCE:], bound, locked[:_NONCE], key)
    except (CryptoError, ValueError) as error:
        raise NotMyKey("the sealed bytes were made for another purpose or key") from error


def _unseal(private: bytes | None, sealed: bytes) -> bytes:
    if private is None:
        raise NotMyKey("this process does not hold the key of that credential")
    try:
        return SealedBox(PrivateKey(private)).decrypt(sealed)
    except (CryptoError, ValueError) as error:
        raise NotMyKey("the credential was sealed to another key") from error


def _make_missing(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _make(folder / "house.key", secrets.token_bytes(_KEY))
    for name in ("worker", "executor"):
        if not (folder / f"{name}.pub").exists():
            _make(folder / f"{name}.key", bytes(PrivateKey.generate()))
            pair = PrivateKey((folder / f"{name}.key").read_bytes())
            _make(folder / f"{name}.pub", bytes(pair.public_key))


def _make(path: Path, content: bytes) -> None:
    """Write a key file whole or not at all; another process that was faster wins."""
    if path.exists():
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
