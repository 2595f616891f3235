import asyncio
import socket

import pytest

from retour.doors.serving import listening

pytestmark = pytest.mark.anyio


async def test_an_answer_is_sent_as_it_is_written_and_waits_for_no_acknowledgement() -> None:
    met: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_once = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        met.set_result(at_once)
        writer.close()

    with listening("127.0.0.1", 0) as listener:
        async with await asyncio.start_server(meet, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())

            assert await met == 1
            writer.close()
