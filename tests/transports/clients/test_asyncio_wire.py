"""A socket that stays registered with asyncio's event loop: time limits, bytes that nobody waits for, and loops of other threads."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from transports.clients.asyncio_wire import AsyncioWire, can_register

NEVER = float("inf")

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Yield two connected sockets: the wire's, which does not block, and the other end."""
    ours, other = socket.socketpair()
    ours.setblocking(False)
    with ours, other:
        yield ours, other


def _is_registered(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> bool:
    return sock.fileno() in loop._selector.get_map()  # type: ignore[attr-defined] # asyncio has no public way to ask


def test_a_socket_stays_registered_from_one_answer_to_the_next(pair: Pair) -> None:
    ours, other = pair

    async def main() -> None:
        loop = asyncio.get_running_loop()
        wire = AsyncioWire(ours, loop)
        for number in range(3):
            other.sendall(b"%d" % number)
            assert await wire.receive(NEVER) == b"%d" % number
            assert _is_registered(loop, ours)
        wire.release()
        assert not _is_registered(loop, ours)

    asyncio.run(main())


def test_bytes_that_nobody_waits_for_stay_in_the_socket(pair: Pair) -> None:
    ours, other = pair

    async def main() -> None:
        loop = asyncio.get_running_loop()
        wire = AsyncioWire(ours, loop)
        other.sendall(b"first")
        assert await wire.receive(NEVER) == b"first"
        other.sendall(b"second")
        while _is_registered(loop, ours):  # noqa: ASYNC110 - the loop would turn for ever otherwise, and says nothing
            await asyncio.sleep(0)
        assert ours.recv(100, socket.MSG_PEEK) == b"second"
        assert await wire.receive(NEVER) == b"second"
        wire.release()

    asyncio.run(main())


@pytest.mark.parametrize("limits", [(0.05,), (30, 0.05), (NEVER, 0.05), (30, 20, 0.05)], ids=str)
def test_a_limit_holds_after_others(limits: tuple[float, ...], pair: Pair) -> None:
    """One timer serves all waits of a connection. The last wait gets no bytes."""
    ours, other = pair

    async def main() -> None:
        loop = asyncio.get_running_loop()
        wire = AsyncioWire(ours, loop)
        for limit in limits[:-1]:
            other.sendall(b"x")
            assert await wire.receive(loop.time() + limit) == b"x"
        begun = loop.time()
        with pytest.raises(TimeoutError):
            await wire.receive(begun + limits[-1])
        assert loop.time() >= begun + limits[-1] - 0.001  # the resolution of the loop's clock
        wire.release()

    asyncio.run(main())


@pytest.mark.parametrize("second", [NEVER, 0.1], ids=["none", "later"])
def test_the_timer_of_an_earlier_wait_does_not_end_a_later_one(second: float, pair: Pair) -> None:
    ours, other = pair

    async def main() -> None:
        loop = asyncio.get_running_loop()
        wire = AsyncioWire(ours, loop)
        other.sendall(b"x")
        first = loop.time() + 0.03
        assert await wire.receive(first) == b"x"
        waits = asyncio.ensure_future(wire.receive(loop.time() + second))
        fired = asyncio.Event()
        loop.call_at(first + 0.01, fired.set)
        await fired.wait()
        assert not waits.done()
        if second == NEVER:
            other.sendall(b"y")
            assert await waits == b"y"
        else:
            with pytest.raises(TimeoutError):
                await waits
        wire.release()

    asyncio.run(main())


def test_a_timer_that_fires_between_two_waits_does_nothing(pair: Pair) -> None:
    ours, other = pair

    async def main() -> None:
        loop = asyncio.get_running_loop()
        wire = AsyncioWire(ours, loop)
        other.sendall(b"x")
        due = loop.time() + 0.02
        assert await wire.receive(due) == b"x"
        fired = asyncio.Event()
        loop.call_at(due + 0.01, fired.set)
        await fired.wait()
        other.sendall(b"y")
        assert await wire.receive(loop.time() + 30) == b"y"
        wire.release()

    asyncio.run(main())


def test_a_send_waits_for_room_and_takes_no_answer(pair: Pair) -> None:
    """The server answers early and reads slowly: the answer stays in the socket until the request is sent."""
    ours, other = pair
    data = b"d" * 4_000_000

    async def main() -> None:
        loop = asyncio.get_running_loop()
        wire = AsyncioWire(ours, loop)
        other.sendall(b"hello")
        assert await wire.receive(NEVER) == b"hello"
        other.sendall(b"early")
        sending = asyncio.ensure_future(wire.send(data, loop.time() + 30))
        received = 0
        while received < len(data):
            received += len(await asyncio.to_thread(other.recv, 1 << 20))
        await sending
        assert received == len(data)
        assert await wire.receive(NEVER) == b"early"
        wire.release()

    asyncio.run(main())


def test_a_send_without_room_ends_at_its_limit(pair: Pair) -> None:
    ours, _ = pair

    async def main() -> None:
        loop = asyncio.get_running_loop()
        wire = AsyncioWire(ours, loop)
        with pytest.raises(TimeoutError):
            await wire.send(b"d" * 4_000_000, loop.time() + 0.05)
        assert not _is_registered(loop, ours)

    asyncio.run(main())


def test_a_cancelled_wait_takes_no_bytes(pair: Pair) -> None:
    ours, other = pair

    async def main() -> None:
        wire = AsyncioWire(ours, asyncio.get_running_loop())
        waits = asyncio.ensure_future(wire.receive(NEVER))
        await asyncio.sleep(0)
        waits.cancel()
        other.sendall(b"late")
        with pytest.raises(asyncio.CancelledError):
            await waits
        assert await wire.receive(NEVER) == b"late"
        wire.release()

    asyncio.run(main())


def test_a_reset_is_an_error(pair: Pair) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    other, _ = listener.accept()
    with listener, ours:
        ours.setblocking(False)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

        async def main() -> None:
            wire = AsyncioWire(ours, asyncio.get_running_loop())
            waits = asyncio.ensure_future(wire.receive(NEVER))
            await asyncio.sleep(0)
            other.close()
            with pytest.raises(ConnectionResetError):
                await waits
            wire.release()

        asyncio.run(main())


def test_another_thread_closes_a_wire_of_a_running_loop() -> None:
    """A client that nobody closed is collected in any thread. Its sockets must leave the loop before another gets their descriptor."""
    ours, other = socket.socketpair()
    ours.setblocking(False)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        wire = AsyncioWire(ours, loop)
        other.sendall(b"x")
        await wire.receive(loop.time() + 30)
        descriptor = ours.fileno()
        await asyncio.to_thread(wire.close)
        while ours.fileno() != -1:  # noqa: ASYNC110 - closing a socket says nothing
            await asyncio.sleep(0)
        assert descriptor not in loop._selector.get_map()  # type: ignore[attr-defined] # asyncio has no public way to ask

    with other:
        asyncio.run(main())


def test_a_wire_is_closed_after_its_loop() -> None:
    ours, other = socket.socketpair()
    ours.setblocking(False)

    async def main() -> AsyncioWire:
        wire = AsyncioWire(ours, asyncio.get_running_loop())
        other.sendall(b"x")
        await wire.receive(NEVER)
        return wire

    with other:
        asyncio.run(main()).close()
        assert ours.fileno() == -1


def test_a_loop_that_ends_while_another_thread_closes() -> None:
    """The loop says that it runs, and is closed when it is asked to close the socket."""
    ours, other = socket.socketpair()
    loop = asyncio.new_event_loop()
    wire = AsyncioWire(ours, loop)
    loop.close()
    loop.is_running = lambda: True  # type: ignore[method-assign] # as it was a moment ago
    with other:
        wire.close()
        assert ours.fileno() == -1


def test_which_loops_watch_sockets() -> None:
    class Proactor(asyncio.BaseEventLoop):
        """As the loop of Windows, it inherits the `add_reader` that only raises NotImplementedError."""

    for loop, watches in ((asyncio.new_event_loop(), True), (Proactor(), False)):
        assert can_register(loop) is watches
        loop.close()
    assert not can_register(object())


def test_a_loop_is_not_kept_awake_by_an_idle_connection(pair: Pair) -> None:
    ours, other = pair

    async def main() -> float:
        wire = AsyncioWire(ours, asyncio.get_running_loop())
        other.sendall(b"x")
        await wire.receive(NEVER)
        other.sendall(b"unasked")
        began = time.thread_time()
        await asyncio.sleep(0.2)
        wire.release()
        return time.thread_time() - began

    assert threading.current_thread() is threading.main_thread()
    assert asyncio.run(main()) < 0.1
