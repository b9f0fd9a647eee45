"""Drive a bulk call in the caller's own thread or task: take items, give their batches to the machine, and report how far it is.

The input and the callback of progress are the user's code: nothing else runs them, and what they raise passes through.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from consul_proto.meta import Meta, Reply
from consul_proto.recipes.bulk import Bulk, Got, Progress
from consul_proto.recipes.machine import Stop
from consulate.recipes.shells import own_thread_shell, task_shell

if TYPE_CHECKING:
    from consul_proto.recipes.bulk import Batch
    from consul_proto.recipes.bulk_batches import Collector
    from consul_proto.recipes.bulk_result import BulkResult
    from consulate.recipes.clients import TaskClient, ThreadClient

#: Batches in flight and waiting, for each connection: the most, and how few there are when the caller's thread wakes to make more.
#: If it woke for each batch, that would cost as much as the batch.
_AHEAD, _LOW = 2, 1.5

_NO_META = Meta()


class Job:
    """A bulk call, and what is known of it.

    name: of the call. collector: makes its batches. connections: the most batches in flight. total: how many items there are, if that is
    known. report: is called with the result so far. is_ordered: see `Bulk`.
    """

    def __init__(
        self,
        name: str,
        collector: Collector,
        connections: int,
        *,
        total: int | None = None,
        report: Callable[[BulkResult], object] | None = None,
        is_ordered: bool = True,
    ) -> None:
        if isinstance(connections, bool) or not isinstance(connections, int):
            raise TypeError(f"{name}(): connections must be an int, not {type(connections).__name__}")
        if connections < 1:
            raise ValueError(f"{name}(): connections must be 1 or more, not {connections}")
        self.name = name
        self.collector = collector
        self.connections = connections
        self.machine = Bulk(connections, total, is_ordered=is_ordered)
        #: The number of a batch -> its value.
        self.values: dict[int, Any] = {}
        self._report = report
        #: None: the machine has not begun.
        self._told: Progress | None = None
        self._reported = self.machine.result
        #: How many batches were over in the last report.
        self._told_over = 0
        self._given = 0
        #: What the machine has not taken yet; it takes them in order.
        self._handed: deque[Batch] = deque()

    def tell(self, event: Progress | Got) -> None:
        """Take what the machine tells."""
        if isinstance(event, Got):
            self.values[event.number] = event.value
        else:
            self._told = event
            self.collector.is_stopped = event.is_stopping

    @property
    def is_stopping(self) -> bool:
        """Whether no other batch will be sent."""
        return self._told is not None and self._told.is_stopping

    def has_room(self, ahead: float = _AHEAD) -> bool:
        """Return whether the machine has begun, and should get the batch that waits. ahead: for each connection, at most so many."""
        if self._told is None:
            return False
        told = self._told
        return told.is_stopping or self._given - told.given + told.open < self.connections * ahead

    def has_news(self) -> bool:
        """Return whether there is something to report: another batch is over. One that was only taken is no news."""
        return self._report is not None and self._told is not None and self._told.over != self._told_over

    def may_go_on(self) -> bool:
        """Return whether there is something to do."""
        return self.has_room() or self.has_news()

    def should_wake(self) -> bool:
        """Return whether the caller's thread should wake, because few batches are left. Then it also reports what is new."""
        return self.has_room(_LOW)

    def report(self) -> None:
        """Report how far it is, if that is new."""
        told = self._told
        if told is not None and self.has_news():
            self._told_over = told.over
            self._report_result(told.result)

    def _report_result(self, result: BulkResult) -> None:
        if self._report is None:
            return
        try:
            self._report(result)
        except Exception:
            self._report = None  # one that raises is not called again; one that Ctrl-C ends is, with what the call did
            raise
        self._reported = result

    def claim(self, batches: list[Batch]) -> None:
        """Take over batches of the collector, for the machine."""
        for batch in batches:
            self._handed.append(batch)
        self.collector.unclaimed = []

    def next_step(self) -> Callable[[], Any]:
        """Return the step of the machine that takes the next batch."""
        # Only from here on: with one connection, the first batch has been answered by now. So the sizes do not depend on how soon it was.
        if self._told is not None and self._given >= self.connections * _AHEAD:
            self.collector.learn(self._told.accepts_more)
        self._given += 1
        return lambda: self.machine.give(self._handed.popleft())

    def finished(self, *, is_complete: bool) -> Callable[[], Any]:
        """Return the step that tells the machine that there are no more batches. is_complete: whether the input was read to its end."""
        taken = self.collector.taken if is_complete else None
        return lambda: self.machine.finish(taken)

    def close(self, error: BaseException | None) -> BulkResult:
        """Return what was done, once the machine is over. error: what ends the call; it gets a note."""
        if not self.machine.is_over:
            self.machine.handle(Stop(), 0.0)  # what drove it has failed
        unclaimed = [batch for batch in self.collector.unclaimed if not any(batch is one for one in self._handed)]
        left = [*self._handed, *unclaimed, *self.collector.rest()]
        if left:
            self.machine.refuse(left)
        result = self.machine.result
        if error is not None:
            error.add_note(f"{self.name}: {result}")
        if result != self._reported:
            self._report_result(result)
        return result


def _performer(client: Any) -> Callable[..., Any]:
    """Return what performs a batch: with the client's time limit, and its rules for sending again. Nobody reads the headers."""

    def perform(call: Any, *, timeout: float, retry: bool, **options: Any) -> Reply[Any]:  # noqa: ARG001 - the client's own are used
        return Reply(client.perform(call, **options), _NO_META)

    return perform


def _async_performer(client: Any) -> Callable[..., Any]:
    async def perform(call: Any, *, timeout: float, retry: bool, **options: Any) -> Reply[Any]:  # noqa: ARG001 - as above
        return Reply(await client.perform(call, **options), _NO_META)

    return perform


def carry_out(client: ThreadClient, job: Job, items: Iterable[Any]) -> BulkResult:
    """Carry out a bulk call, for threads. Return its result, also if batches failed."""
    error: BaseException | None = None
    with own_thread_shell(client, job.connections) as shell:
        run = shell.new(job.machine, _performer(client), job.tell)
        run.open()
        try:
            _feed(run, job, items)
            while not run.is_over:
                run.wait(job.has_news)
                job.report()
        except Exception as raised:
            error = raised
            run.give(job.finished(is_complete=False))
            run.wait_until_over()  # what was given before is carried out
            raise
        except BaseException as raised:
            error = raised
            raise
        finally:
            run.stop()
            run.wait_until_over()
            result = job.close(error)
    return result


def _feed(run: Any, job: Job, items: Iterable[Any]) -> None:
    for batches in job.collector.batches(items):
        if batches:
            _give(run, job, batches)
        if job.is_stopping:
            run.give(job.finished(is_complete=False))
            return
    _give(run, job, job.collector.rest())
    run.give(job.finished(is_complete=True))


def _give(run: Any, job: Job, batches: list[Batch]) -> None:
    job.claim(batches)
    for _ in batches:
        job.report()
        while not job.has_room():
            run.wait(job.should_wake)
            job.report()
            if run.is_over:
                break
        run.give(job.next_step())


async def carry_out_async(client: TaskClient, job: Job, items: Iterable[Any] | AsyncIterable[Any]) -> BulkResult:
    """Carry out a bulk call, for tasks; see `carry_out`."""
    error: BaseException | None = None
    run: Any = task_shell(client).new(job.machine, _async_performer(client), job.tell)
    await run.open()
    try:
        await _feed_async(run, job, items)
        while not run.is_over:
            await run.wait(job.has_news)
            job.report()
    except Exception as raised:
        error = raised
        run.give(job.finished(is_complete=False))
        await run.wait(lambda: False)  # what was given before is carried out
        raise
    except BaseException as raised:
        error = raised
        raise
    finally:
        try:
            await run.close()
        finally:
            result = job.close(error)
    return result


async def _feed_async(run: Any, job: Job, items: Iterable[Any] | AsyncIterable[Any]) -> None:
    # Two loops: an async generator around an ordinary input would have to be closed.
    if isinstance(items, AsyncIterable):
        async for item in items:
            for batches in job.collector.batches((item,)):
                if not await _offer(run, job, batches):
                    return
    else:
        for batches in job.collector.batches(items):
            if not await _offer(run, job, batches):
                return
    await _give_async(run, job, job.collector.rest())
    run.give(job.finished(is_complete=True))


async def _offer(run: Any, job: Job, batches: list[Batch]) -> bool:
    """Give batches to the machine, if it goes on. Return whether to take more items."""
    await _give_async(run, job, batches)
    if job.is_stopping:
        run.give(job.finished(is_complete=False))
    return not job.is_stopping


async def _give_async(run: Any, job: Job, batches: list[Batch]) -> None:
    job.claim(batches)
    for _ in batches:
        while True:
            await run.wait(job.may_go_on)
            job.report()
            if job.has_room() or run.is_over:
                break
        run.give(job.next_step())
