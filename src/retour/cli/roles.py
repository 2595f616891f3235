"""The roles that an installation consists of, each as a process of its own."""

import asyncio
import sys

import click
import structlog

from retour import main as wiring
from retour.cli.frame import load_settings, run
from retour.main.running import work
from retour.main.web import serve
from retour.ops import database as databases


@click.command("serve")
def serve_command() -> None:
    """Run the web process: API, webhooks, /healthz, /readyz, /metrics."""
    run(_role("web"))


@click.command("worker")
def worker_command() -> None:
    """Run a worker: it moves returns on, reads the inbox and the orders, and tells people."""
    run(_role("worker"))


@click.command("executor")
def executor_command() -> None:
    """Run the executor: it moves money, stock and labels, and alone can open those credentials."""
    run(_role("executor"))


async def _role(role: wiring.RoleName) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = load_settings()
    url = await asyncio.to_thread(databases.address, settings, "executor" if role == "executor" else "app")
    async with wiring.house(role, settings, url) as here:
        await (serve(here) if role == "web" else work(here))
