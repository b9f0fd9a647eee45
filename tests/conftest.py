"""Settings for all tests.

Hypothesis has no time limit for an example, because a machine may be busy, and no database of earlier runs.
JSON is read as without the extra `fast`; tests/proto compares the two ways.
"""

import gc
from collections.abc import Generator, Iterator

import pytest
from hypothesis import given, settings, strategies

from consul_proto.json_decoder import decode_by_json

settings.register_profile("consulate", deadline=None, database=None, print_blob=True)
settings.load_profile("consulate")

#: Runs pytest in tests of a pytest plugin.
pytest_plugins = ["pytester"]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave what was collected out of garbage collections: it stays until the end, and tests for leaks make many of them."""
    gc.disable()
    try:
        return (yield)
    finally:
        # Hypothesis checks once, with the first example of a run, that something refers to its random generator. It asks the garbage
        # collector, which does not list frozen objects. So that example runs before the freeze.
        given(strategies.none())(lambda _: None)()
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True, scope="session")
def _without_msgspec() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("consul_proto.message.best_decoder", lambda: decode_by_json)
        yield
