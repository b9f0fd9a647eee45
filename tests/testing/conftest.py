"""Servers of bytes, as the transports' own tests have them, and nothing of what is set where the tests run."""

from tests.transports.conftest import no_consul_variables as no_consul_variables
from tests.transports.conftest import serve as serve
