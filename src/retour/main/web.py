"""Wires the web's process: the API, the door for webhooks, and how the process is."""

import gc

from litestar import Litestar

from retour.connectors.carrier.webhooks import CarrierInbound
from retour.connectors.feed.webhooks import FeedInbound
from retour.connectors.shopify.webhooks import ShopifyInbound
from retour.connectors.stripe.webhooks import StripeInbound
from retour.connectors.warehouse.webhooks import WarehouseInbound
from retour.core.ports import Inbound
from retour.core.sign_in import set_up_code
from retour.doors import portal, serving
from retour.doors.api.app import create_api
from retour.doors.dashboard import routes as dashboard
from retour.doors.dashboard.desk import Desk
from retour.doors.dashboard.frame import Frames
from retour.doors.dashboard.installation import Installation
from retour.doors.hooks.routes import route_handlers
from retour.doors.warehouse import rooms as warehouse
from retour.doors.warehouse.dock import Dock
from retour.flows.privacy import TOPICS
from retour.flows.session import SignIn
from retour.flows.webhook import Mailbox
from retour.main.house import House, utc_now
from retour.web.error_pages import either_exception_handlers
from retour.web.pages import Pages
from retour.web.pictures import picture_handlers
from retour.web.rate import Meter
from retour.web.serving import kit_handlers
from retour.web.session import Sessions, sign_in_handlers
from retour.web.vitals import counted, vitals_handlers


def inbounds() -> dict[str, Inbound]:
    """Return everybody whose webhooks this build can verify and read; all that the web process knows of them."""
    known = (ShopifyInbound(), CarrierInbound(), FeedInbound(), WarehouseInbound(), StripeInbound())
    return {inbound.platform: inbound for inbound in known}


def web_app(here: House) -> Litestar:
    """Return the web application."""
    settings = here.settings
    mailbox = Mailbox(here.database, here.vault, inbounds(), always=TOPICS)
    pages = Pages.load()
    for_staff = pages.for_staff()
    sessions = Sessions(here.database, utc_now, https=settings.public_url.startswith("https://"))
    return Litestar(
        [
            create_api(
                here.database,
                here.vault,
                policies=here.policies,
                allow_private_urls=settings.allow_private_urls,
                public_url=settings.public_url,
                meter=Meter(settings.api_per_minute),
            ),
            *route_handlers(mailbox, utc_now),
            *kit_handlers(pages, utc_now),
            *dashboard.route_handlers(desk(here, for_staff, sessions), installation(here)),
            *warehouse.route_handlers(Dock(here.database, here.vault, here.policies, for_staff, sessions, utc_now)),
            *portal.route_handlers(
                here.database, here.vault, pages, here.policies, clock=utc_now, public_url=settings.public_url
            ),
            *picture_handlers(here.database),
            *vitals_handlers(here.database, data_dir=settings.data_dir, joined=settings.instance_id),
        ],
        middleware=[counted],
        openapi_config=None,
        exception_handlers={**either_exception_handlers(pages, utc_now), **sign_in_handlers()},
        logging_config=None,
    )


def desk(here: House, pages: Pages, sessions: Sessions) -> Desk:
    """Return what the staff's pages stand on."""
    frames = Frames(here.database, pages)
    return Desk(
        here.database, here.vault, sessions, pages, frames, here.policies, utc_now, public_url=here.settings.public_url
    )


def installation(here: House) -> Installation:
    """Return what the pages of signing in, setting up and settings know of this installation."""
    settings = here.settings
    return Installation(
        public_url=settings.public_url,
        allow_private_urls=settings.allow_private_urls,
        sign_in=SignIn(here.database, here.vault.house, utc_now),
        set_up_code=set_up_code(here.vault.house),
        sandbox_url=settings.sandbox_url,
        platforms={name: frozenset(records) for name, records in here.platforms.records.items()},
    )


async def serve(here: House) -> None:
    """Answer requests until SIGTERM or SIGINT; raise OSError if the address is taken."""
    app = web_app(here)
    # What is loaded now stays; a request leaves no cycles behind, so the collector need not look after every few hundred.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
    await serving.serve(app, host=here.settings.web_host, port=here.settings.web_port)
