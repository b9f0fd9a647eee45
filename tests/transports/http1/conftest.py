"""Fixtures: agents of `consulate dev`."""

from tests.cli.dev.conftest import dev as dev
from tests.cli.dev.conftest import no_consul_variables as no_consul_variables
