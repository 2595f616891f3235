"""Wires the web's process: the API, the door for webhooks, and how the process is."""

import gc

from litestar import Litestar

from retour.connectors.carrier.webhooks import CarrierInbound
from retour.connectors.shopify.webhooks import ShopifyInbound
from retour.core.ports import Inbound
from retour.doors import portal, serving
from retour.doors.api.app import create_api
from retour.doors.hooks.routes import route_handlers
from retour.flows.webhook import Mailbox
from retour.main import House, utc_now
from retour.web.error_pages import either_exception_handlers
from retour.web.pages import Pages
from retour.web.serving import kit_handlers
from retour.web.vitals import counted, vitals_handlers


def inbounds() -> dict[str, Inbound]:
    """Return everybody whose webhooks this build can verify and read; all that the web process knows of them."""
    return {inbound.platform: inbound for inbound in (ShopifyInbound(), CarrierInbound())}


def web_app(here: House) -> Litestar:
    """Return the web application."""
    settings = here.settings
    mailbox = Mailbox(here.database, here.vault, inbounds())
    pages = Pages.load()
    return Litestar(
        [
            create_api(
                here.database, here.vault, policies=here.policies, allow_private_urls=settings.allow_private_urls
            ),
            *route_handlers(mailbox, utc_now),
            *kit_handlers(pages, utc_now),
            *portal.route_handlers(
                here.database, here.vault, pages, here.policies, clock=utc_now, public_url=settings.public_url
            ),
            *vitals_handlers(here.database, data_dir=settings.data_dir, joined=settings.instance_id),
        ],
        middleware=[counted],
        openapi_config=None,
        exception_handlers=either_exception_handlers(pages, utc_now),
        logging_config=None,
    )


async def serve(here: House) -> None:
    """Answer requests until SIGTERM or SIGINT; raise OSError if the address is taken."""
    app = web_app(here)
    # What is loaded now stays; a request leaves no cycles behind, so the collector need not look after every few hundred.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
    await serving.serve(app, host=here.settings.web_host, port=here.settings.web_port)
