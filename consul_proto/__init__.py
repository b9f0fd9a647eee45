"""The Consul HTTP API without I/O.

Three layers, each importable on its own:

1. A *message* is what crosses the border: a frozen `Request` that is valid by construction, and a `Response`.
2. An *operation* is a request together with how to read its answer: `Operation[T].decode(response)` gives a `T` or raises one of the
   exceptions of `consul_proto.errors`. A *flow* is a generator that yields operations and sleeps and returns a value.
3. An *endpoint group* (`KV`, `Agent`, `Catalog`, ...) is a class whose methods build operations. Its type parameter says what calling a
   method gives: the operation itself (`Pure`), its value (`Sync`) or a coroutine of its value (`Async`).

Nothing here opens a socket, reads a clock, draws a random number, looks at the environment or logs: whoever drives an operation brings
those. A driver sends `operation.request`, with the caller's token and defaults applied, and hands the answer to `operation.decode`.
"""
