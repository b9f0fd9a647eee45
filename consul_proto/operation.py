"""`Operation`: a request, and how to read its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from consul_proto.errors import ConsulateException, error_for

if TYPE_CHECKING:
    from collections.abc import Collection

    from consul_proto.message import Request, Response

T = TypeVar("T")

#: What an ordinary call answers with.
OK = (200,)


@dataclass(frozen=True, slots=True, repr=False)
class Operation(Generic[T]):
    """One call of the API: the request, and how to read its answer. It holds no token and no defaults of a client.

    name: the call's name in the endpoint manifest ("kv.get").
    request: what to send.
    read: how a good answer becomes a value.
    defaults: which of a client's settings the endpoint obeys, of "datacenter", "namespace", "partition", "consistency".
    answers: the statuses that `read` understands; any other is an exception.
    """

    name: str
    request: Request
    read: Callable[[Response], T]
    defaults: Collection[str] = ()
    answers: tuple[int, ...] = OK

    @property
    def is_read(self) -> bool:
        """Whether sending the request twice does no more than sending it once."""
        return self.request.method == "GET"

    def decode(self, response: Response) -> T:
        """Return the value that the answer holds. Raises a ConsulateException for any other answer."""
        if response.status not in self.answers:
            raise error_for(self.request, response)
        try:
            return self.read(response)
        except ConsulateException as error:
            error.status, error.body = response.status, response.body
            error.about(self.request)
            raise

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.request!r}>"
