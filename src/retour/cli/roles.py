"""The worker and the executor, each as a process of its own."""

import click

from retour.cli.frame import run
from retour.cli.starting import start
from retour.main.running import work


@click.command("worker")
def worker_command() -> None:
    """Run a worker: it moves returns on, reads the inbox and the orders, and tells people."""
    run(start("worker", work))


@click.command("executor")
def executor_command() -> None:
    """Run the executor: it moves money, stock and labels, and alone can open those credentials."""
    run(start("executor", work))
