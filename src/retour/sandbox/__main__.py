"""Start the sandbox: `python -m retour.sandbox --port 4010`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc

import uvicorn

from retour.sandbox.app import Sandbox, create_app
from retour.sandbox.shopify.state import Settings


def main() -> None:
    """Parse the arguments and serve until stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m retour.sandbox", description="A sandbox shop, carrier and mail server."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4010)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--domain", default="sandbox.myshopify.com")
    parser.add_argument("--token", action="append", help="accepted access token (default sandbox-token)")
    parser.add_argument("--version", default="2026-10", help="API version that is served")
    parser.add_argument("--points-per-s", type=float, default=1000, help="cost points per second, 0 switches it off")
    parser.add_argument("--webhook-url", action="append", default=[], help="address that gets every topic")
    parser.add_argument("--webhook-secret", default="sandbox-webhook-secret")
    parser.add_argument("--carrier-url", help="address that gets tracking events")
    parser.add_argument("--carrier-secret", default="sandbox-carrier-secret")
    parser.add_argument("--smtp-port", type=int, default=0, help="port that takes mail, shown under /mail (0: none)")
    args = parser.parse_args()
    settings = Settings(
        version=args.version, cost_points_per_s=args.points_per_s or None, webhook_secret=args.webhook_secret
    )
    settings.tokens = args.token or settings.tokens
    app = create_app(
        seed=args.seed,
        orders=args.orders,
        settings=settings,
        domain=args.domain,
        webhook_urls=args.webhook_url,
        carrier_url=args.carrier_url,
        carrier_secret=args.carrier_secret,
    )
    gc.freeze()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(app, host=args.host, port=args.port, smtp_port=args.smtp_port))


async def serve(app: Sandbox, *, host: str, port: int, smtp_port: int) -> None:
    """Serve HTTP, and SMTP beside it if it has a port, until stopped."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_keep_alive=75,
        )
    )
    if not smtp_port:
        await server.serve()
        return
    async with app.mail.listening(host, smtp_port):
        await server.serve()


if __name__ == "__main__":
    main()
