"""`Operation`: a request, and how to read its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from consul_proto.errors import ConsulateException
from consul_proto.failures import error_for
from consul_proto.frozen import dataclass, setters
from consul_proto.message import check_header
from consul_proto.query import blocking_request

if TYPE_CHECKING:
    from collections.abc import Collection

    from consul_proto.durations import Duration
    from consul_proto.failures import Explain
    from consul_proto.message import Request, Response
    from consul_proto.query import Blocks

T = TypeVar("T")

#: What an ordinary call answers with.
OK = (200,)


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Operation(Generic[T]):
    """One call of the API: the request, and how to read its answer. It holds no defaults of a client.

    name: the call's name in the endpoint manifest ("kv.get").
    request: what to send.
    read: turns a successful answer into a value.
    defaults: which of the client's settings apply: "datacenter", "namespace", "partition", "consistency".
    answers: the statuses that `read` handles; any other status raises an exception.
    blocks: what a blocking query compares: "index", "event" (an index, but compared for equality) or "hash"; None: it does not block.
    explain: returns the exception for an answer whose status has another meaning than usual.
    token: is sent instead of the client's token; None: the client's is sent. It is a secret: no repr and no error shows it.
    """

    name: str
    request: Request
    read: Callable[[Response], T]
    defaults: Collection[str]
    answers: tuple[int, ...]
    blocks: Blocks | None
    explain: Explain | None
    token: str | None

    def __init__(
        self,
        name: str,
        request: Request,
        read: Callable[[Response], T],
        defaults: Collection[str] = (),
        answers: tuple[int, ...] = OK,
        blocks: Blocks | None = None,
        explain: Explain | None = None,
        token: str | None = None,
    ) -> None:
        if token is not None:
            check_header("X-Consul-Token", token)
        _set_name(self, name)
        _set_request(self, request)
        _set_read(self, read)
        _set_defaults(self, defaults)
        _set_answers(self, answers)
        _set_blocks(self, blocks)
        _set_explain(self, explain)
        _set_token(self, token)

    @property
    def is_read(self) -> bool:
        """Return whether sending the request twice has the same effect as sending it once. Whatever can block is a read, even a POST."""
        return self.request.method == "GET" or self.blocks is not None

    def blocking(
        self,
        *,
        index: int | None = None,
        hash: str | None = None,  # noqa: A002 - Consul's own word
        wait: Duration | None = None,
    ) -> Operation[T]:
        """Return this read as a blocking query: Consul answers when there is something new.

        index: the X-Consul-Index of an earlier answer. hash: its X-Consul-ContentHash, for a read that blocks on a hash.
        wait: the longest wait (a Go duration, seconds or a timedelta); Consul's default is 5 minutes, its limit 10.

        Raises ValueError if Consul cannot block on this call, TypeError if `hash` is given instead of `index`, or the reverse.
        https://developer.hashicorp.com/consul/api-docs/features/blocking
        """
        return replace(self, request=blocking_request(self.name, self.request, self.blocks, index, hash, wait))

    def decode(self, response: Response) -> T:
        """Return the value that the answer holds. Raises a ConsulateException for any other answer."""
        try:
            if response.status not in self.answers:
                raise error_for(self.request, response, self.explain)
            return self.read(response)
        except ConsulateException as error:
            error.status, error.body = response.status, error.body or response.body
            error.came_from(response)
            error.about(self.request)
            if self.token:
                error.conceal((self.token,))
            raise

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.request!r}>"


_set_name, _set_request, _set_read, _set_defaults, _set_answers, _set_blocks, _set_explain, _set_token = setters(Operation)
