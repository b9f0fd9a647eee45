"""The Consul HTTP API without I/O.

Three layers, each importable on its own:

1. *Messages*: an immutable `Request`, which is checked when it is created, and a `Response`.
2. An *operation* is a request, together with the function that reads its answer: `Operation[T].decode(response)` returns a `T` or raises
   one of the exceptions of `consul_proto.errors`. A *flow* is a generator that yields operations and sleeps and returns a value.
3. An *endpoint group* (`KV`, `Agent`, `Catalog`, ...) is a class whose methods build operations. Its type parameter decides what a method
   call returns: the operation itself (`Pure`), its value (`Sync`) or a coroutine of its value (`Async`).

Nothing here opens a socket, reads a clock, draws a random number, looks at the environment or logs: the driver of an operation does
that. A driver sends `operation.request`, with the caller's token and defaults applied, and passes the answer to `operation.decode`.
"""
