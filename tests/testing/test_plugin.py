"""The pytest plugin: the same tests run in memory and on a real agent, with and without other plugins."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from consulate import Consul
from tests.agents import Binary, find_binaries, start_agent, start_dev

_ROOT = Path(__file__).parent.parent.parent
_PLUGIN = "consulate.testing.pytest_plugin"

_TESTS = """
import anyio
import pytest

def test_keys(consul):
    consul.kv.put("app/a", 1)
    assert consul.kv["app/a"] == 1

def test_nothing_is_shared(consul):
    assert "app/a" not in consul.kv

def test_fixtures_share_an_agent(consul, async_consul, consul_agent):
    async def main():
        async with async_consul:
            await async_consul.kv.put("app/b", 2)
    anyio.run(main)
    assert consul.kv["app/b"] == consul_agent.client().kv["app/b"] == 2

def test_all_kinds_of_writes(consul):
    session = consul.session.create(ttl="10s")
    assert consul.kv.acquire_lock("app/leader", session)
    consul.kv.put_many({"app/c": 1, "app/d/": 2})
    consul.agent.service.register("web", port=80)
    consul.agent.check.register("alive", ttl="10s")
    consul.catalog.register("other-node", address="127.0.0.9")
    consul.kv.put("app/d/", 3)

def test_time(consul, consul_agent):
    session = consul.session.create(ttl="10s", behavior="delete")
    assert consul.kv.acquire_lock("app/leader", session)
    consul_agent.advance(20)
    assert "app/leader" not in consul.kv

def test_waiting(consul_agent):
    assert consul_agent.waiting == 0

def test_faults(consul_agent):
    from consulate.exceptions import RequestError
    from consulate.testing import FaultPlan
    from consulate.testing.faults import Reset
    with consul_agent.client(faults=FaultPlan([Reset()])) as consul:
        with pytest.raises(RequestError):
            consul.kv.put("app/e", 1)
    assert len(consul_agent.injections) == 1
"""

_OPTIONS = ("-p", _PLUGIN, "-p", "no:cacheprovider", "-W", "error", "--strict-config", "--strict-markers")


@pytest.fixture
def tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with the tests above."""
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))
    pytester.makepyfile(_TESTS)
    return pytester


def test_in_memory(tests: pytest.Pytester) -> None:
    tests.runpytest_subprocess(*_OPTIONS).assert_outcomes(passed=7)


@pytest.mark.parametrize("version", ["1.8.7", "1.22.5"])
def test_over_tcp(tests: pytest.Pytester, version: str) -> None:
    with start_dev(version, unix_socket=False) as agent:
        _runs_on(tests, f"http://{agent.host}:{agent.port}")


@pytest.mark.real
@pytest.mark.parametrize("binary", find_binaries(), ids=lambda binary: str(binary.version))
def test_on_a_real_agent(tests: pytest.Pytester, binary: Binary) -> None:
    with start_agent(binary, acls=False, unix_socket=False) as agent:
        _runs_on(tests, f"http://{agent.host}:{agent.port}")


def _runs_on(tests: pytest.Pytester, url: str) -> None:
    """The tests pass, or are skipped with a reason. Their writes are undone, and keys from before are still there."""
    with Consul(url) as consul:
        consul.kv.put("before", 1)
        result = tests.runpytest_subprocess(*_OPTIONS, f"--consul={url}", "-rs")
        result.assert_outcomes(passed=5, skipped=2)
        result.stdout.fnmatch_lines(["*the time of a real agent (--consul) cannot be advanced*"])
        assert consul.kv.keys() == ["before"]
        assert consul.session.list() == []
        assert [service["Service"] for service in consul.agent.services()] == []
        assert consul.agent.checks() == []
        assert len(consul.catalog.nodes()) == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_under_anyios_plugin(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.fixture
        def anyio_backend():
            return {backend!r}

        @pytest.mark.anyio
        async def test_keys(async_consul, consul_agent):
            await async_consul.kv.put("k", 1)
            assert await async_consul.kv.read("k") == 1
            assert consul_agent.client().kv["k"] == 1
        """
    )
    pytester.runpytest_subprocess(*_OPTIONS).assert_outcomes(passed=1)


@pytest.mark.parametrize("name", ["pytest_asyncio", "pytest_trio"])
def test_under_other_plugins(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.{name.removeprefix("pytest_")}
        async def test_keys(async_consul):
            await async_consul.kv.put("k", 1)
            assert await async_consul.kv.read("k") == 1
        """
    )
    options = [option for option in _OPTIONS if option not in ("-W", "error")]
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=1)


def test_without_other_plugins(tests: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    tests.runpytest_subprocess(*_OPTIONS).assert_outcomes(passed=7)


def test_the_entry_point_names_the_plugin(tests: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an installed consulate. Also naming the plugin with -p does no harm."""
    entries = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert entries == {_PLUGIN: _PLUGIN}
    installed = tests.path / "installed" / "consulate_as_installed-1.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: consulate-as-installed\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(f"[pytest11]\n{_PLUGIN} = {_PLUGIN}\n")
    monkeypatch.setenv("PYTHONPATH", f"{installed.parent}:{_ROOT}")
    tests.runpytest_subprocess(*_OPTIONS[2:]).assert_outcomes(passed=7)
    tests.runpytest_subprocess(*_OPTIONS).assert_outcomes(passed=7)
    tests.runpytest_subprocess("--fixtures").stdout.fnmatch_lines(["consul_agent*", "async_consul*"])


def test_importing_the_plugin_imports_nothing_else() -> None:
    code = (
        "import sys; before = set(sys.modules); import pytest; import consulate.testing.pytest_plugin\n"
        "heavy = {'hypothesis', 'anyio', 'trio', 'urllib3', 'h11', 'consulate.client', 'consul_proto.simulator', 'transports'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
