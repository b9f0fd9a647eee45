"""Transports that put the current token of an identity on each call, for threads and for tasks."""


class Identity:
    """Finds the current token of a client: a TokenFile or a Login. Clients that have none import no more than this."""
