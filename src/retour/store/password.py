"""Passwords at rest: argon2id, away from the event loop, a few at a time."""

import asyncio
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

AT_ONCE: Final = 2  # a hash takes about 0.2 s of a core and 64 MiB; more at once would starve the requests
_hashing: Final = PasswordHash((Argon2Hasher(),))
_turns: Final = asyncio.Semaphore(AT_ONCE)


async def hash_password(plain: str) -> str:
    """Return the argon2id hash of a password; call it before a transaction is opened, it takes about 0.2 s."""
    async with _turns:
        return await asyncio.to_thread(_hashing.hash, plain)


async def check_password(plain: str, stored: str) -> bool:
    """Return whether the password is the one that was hashed."""
    async with _turns:
        return await asyncio.to_thread(_hashing.verify, plain, stored)
