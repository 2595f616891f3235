"""How a process of one role starts: its own address, its own keys, its log on stderr."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

import structlog

from retour.cli.frame import load_settings
from retour.main import house as wiring
from retour.ops import database as databases


async def start(role: wiring.RoleName, work: Callable[[wiring.House], Awaitable[None]]) -> None:
    """Open what the role needs and do its work until a signal."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = load_settings()
    url = await asyncio.to_thread(databases.address, settings, "executor" if role == "executor" else "app")
    async with wiring.house(role, settings, url) as here:
        await work(here)
