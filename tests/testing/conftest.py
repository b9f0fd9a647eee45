"""Servers of bytes, as the transports' own tests have them."""

from tests.transports.conftest import serve as serve
