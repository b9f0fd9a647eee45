"""The documentation as a site: each page is in the navigation, links lead somewhere, and the reference has every call of a client.

Only the test that builds the site needs mkdocs (extra `docs`).
"""

from __future__ import annotations

import inspect
import posixpath
import re
import subprocess
import sys
import threading
from functools import cache
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from consul_proto.arguments import keywords
from consul_proto.message import Response
from consulate import Cancel, Consul, exceptions
from consulate.testing import ConsulAgent
from scripts.reference.command_line import PAGE, commands
from scripts.reference.pages import navigation, pages
from scripts.reference.repository_files import ELSEWHERE, page_of
from tests.proto.manifest import CALLS
from transports.memory import MemoryTransport

_ROOT = Path(__file__).parent.parent
_FILES = {path.relative_to(_ROOT).as_posix() for path in (_ROOT / "docs").glob("*.md")}
_ALL_FILES = sorted(_FILES | {path for path in ELSEWHERE if path.endswith(".md")})

reference = cache(pages)


def _paths(entries: list[Any]) -> list[str]:
    """Return the pages of a part of the navigation."""
    found: list[str] = []
    for entry in entries:
        inner = next(iter(entry.values())) if isinstance(entry, dict) else entry
        found += _paths(inner) if isinstance(inner, list) else [inner]
    return found


def test_the_navigation_has_each_page_once() -> None:
    text = (_ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    listed = re.findall(r"^ +- .*: (\S+\.md)$", text, re.MULTILINE)
    assert len(listed) == text.count(".md")
    assert sorted(listed) == sorted([*(page_of(path) for path in _FILES), *ELSEWHERE.values(), "reference/index.md"])


def test_the_navigation_has_each_page_of_the_reference_once() -> None:
    assert sorted(_paths(navigation())) == sorted(reference())


def _anchors(text: str) -> set[str]:
    """Return the anchors of a page: those that are given, and those that come from a heading as it is written."""
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.*)$", without_code, re.MULTILINE):
        title, _, given = heading.partition(" { #")
        found.add(given.removesuffix(" }") or re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-"))
    return found


def test_an_anchor_of_the_reference_is_on_its_page_once() -> None:
    for page, text in reference().items():
        given = re.findall(r"^#+ .* \{ #(\S+) \}$", text, re.MULTILINE)
        assert len(given) == len({*given}), page


def _links(text: str) -> list[tuple[str, str]]:
    without_code = re.sub(r"^ *```.*?^ *```$|(?<!\[)`[^`\n]*`(?!\])", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", without_code)


@pytest.mark.parametrize("path", _ALL_FILES)
def test_links_in_the_repository_lead_somewhere(path: str) -> None:
    """A link leads to a file that the repository has, or to a page of the reference, which is generated."""
    for target, anchor in _links((_ROOT / path).read_text()):
        file = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
        generated = reference().get(file.removeprefix("docs/"))
        assert generated or (_ROOT / file).exists(), (target, "does not exist")
        if anchor:
            assert anchor in _anchors(generated or (_ROOT / file).read_text()), (target, anchor)


def test_readme_leads_only_to_files() -> None:
    """It is read where the reference is not built."""
    assert [target for target, _ in _links((_ROOT / "README.md").read_text()) if target and not (_ROOT / target).exists()] == []


def test_links_in_the_reference_lead_somewhere() -> None:
    for page, text in reference().items():
        for target, anchor in _links(text):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(page), target)) if target else page
            found = reference().get(other) or (_ROOT / "docs" / other).read_text()
            assert not anchor or anchor in _anchors(found), (page, target, anchor)


_CLIENT: Any = Consul(transport=MemoryTransport(lambda _request: Response(200)))


@cache
def _sections() -> dict[str, str]:
    """Return each call as its signature names it -> its section of the reference."""
    found = {}
    for text in reference().values():
        for section in re.split(r"^(?=#{2,3} )", text, flags=re.MULTILINE):
            signature = re.search(r"^```\{ \.python \.signature \}\n([\w.]+)\(", section, re.MULTILINE)
            if signature:
                found[signature[1]] = section
    return found


@pytest.mark.parametrize("call", CALLS, ids=lambda call: str(call.name))
def test_each_call_has_a_section(call: Any) -> None:
    """It has each argument that the call takes at run time, with its type: `**options` alone says nothing. Each option has a meaning."""
    place, _, name = f"ops.{call.name}".rpartition(".")
    member = getattr(type(attrgetter(place)(_CLIENT)), name)
    own = {*inspect.signature(attrgetter(call.name)(_CLIENT)).parameters} - {"options"}
    taken = keywords(member.build)
    assert taken is not None
    section = _sections()[f"client.{call.name}"]
    assert "Unpack" not in section
    for argument in own | taken:
        assert f"<b>{argument.replace('_', '&#95;')}</b>: " in section
    for option in taken - own:
        assert re.search(rf"^    - .*<b>{option.replace('_', '&#95;')}</b>: .*</code>: \S", section, re.MULTILINE), (
            f"{option} has no meaning"
        )


def test_the_reference_has_each_exception() -> None:
    text = reference()["reference/exceptions.md"]
    assert set(re.findall(r"^## (\w+)", text, re.MULTILINE)) == {*exceptions.__all__}


def test_the_reference_has_each_option_of_each_command() -> None:
    found = dict(re.findall(r"^## consulate(.*?) \{ #\S+ \}\n(.*?)(?=^## |\Z)", reference()[PAGE], re.MULTILINE | re.DOTALL))
    assert [name.strip() for name in found] == [name for name, _ in commands()]
    for (name, section), (_, context) in zip(found.items(), commands(), strict=True):
        assert f"\nconsulate{name} [OPTIONS]" in section
        for option in [each for each in context.command.params if isinstance(each, click.Option)]:
            assert f"<b>{', '.join(option.opts)}" in section, (name, option.opts)


class _Seen(Exception):
    """An example printed something."""


def _print(*_values: object) -> None:
    raise _Seen


def _examples() -> list[Any]:
    found = []
    for page, text in reference().items():
        for number, code in enumerate(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)):
            found.append(pytest.param(code, id=f"{page.removeprefix('reference/')}:{number}"))
    return found


#: What an example asks for, and a simulated agent does not have -> the exception.
_REFUSED = {
    "ca.config_set": exceptions.ServerError,
    "ui.metrics_proxy": exceptions.ServerError,
    "internal.acl_authorize": exceptions.ACLDisabled,
    "namespace.create": exceptions.ClientError,
}


@pytest.mark.parametrize("code", _examples())
def test_an_example_of_a_docstring_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    agent, over = ConsulAgent(), threading.Event()
    with agent.client() as client:
        client.agent.service.register("web", port=80)
        client.query.create({"Service": "web"}, name="web") if "query.create" not in code else None
        client.connect.intentions.upsert("web", "db", action="allow") if "upsert" not in code else None
        client.kv.put("app/k", 1)
        client.snapshot.save("backup.snap")

    def pass_time() -> None:
        with agent.client() as other:
            while not over.wait(0.01):
                agent.advance(10)
                other.kv.put("k", 1)

    at_once = SimpleNamespace(Timer=lambda _seconds, action: threading.Timer(0, action))
    clock = threading.Thread(target=pass_time)
    clock.start()
    refused = next((error for name, error in _REFUSED.items() if name in code), _Seen)
    try:
        with agent.client() as client:
            names = {"client": client, "consul": client, "print": _print, "threading": at_once, "Cancel": Cancel}
            exec(compile(code, "example", "exec"), names)
    except (_Seen, exceptions.Cancelled, refused):
        pass
    finally:
        over.set()
        clock.join()


@pytest.mark.skipif(find_spec("mkdocs") is None, reason="mkdocs is not installed: pip install '.[docs]'")
def test_the_site_builds_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=_ROOT,
        env={"PATH": "/usr/bin:/bin", "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    built = {path.relative_to(site).as_posix(): path.read_text() for path in site.rglob("*.html")}
    for page in [*_ALL_FILES, *reference()]:
        path = page_of(page)
        name = path if path.endswith("index.md") else path.replace(".md", "/index.md")
        assert name.replace(".md", ".html") in built
    for name, text in built.items():
        assert re.findall(r"<(?:script|link|img|iframe)[^>]* (?:src|href)=\"?https?:", text) == [], name
        assert str(_ROOT) not in text, name
