"""The worked example of docs/testing.md: Hypothesis finds the bug, and prints what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent.parent
_PAGE = (_ROOT / "docs" / "testing.md").read_text()


def _block(after: str, language: str) -> str:
    """Return the first block of a language after a headline."""
    found = re.search(rf"^```{language}\n(.*?)^```", _PAGE[_PAGE.index(after) :], re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def _fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, code: str) -> str:
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))
    pytester.makepyfile(test_election=code)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error", "--hypothesis-seed=0")
    result.assert_outcomes(failed=1)
    return result.stdout.str()


def test_hypothesis_finds_the_bug_and_prints_what_the_page_shows(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = _fails(pytester, monkeypatch, _block("## A worked example: two leaders", "python")).splitlines()
    for line in _block("## A worked example: two leaders", "text").splitlines():
        assert line in printed, f"{line!r} is not printed any more"


def test_the_fixtures_of_the_page_work(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))
    pytester.makepyfile(_block("## With pytest", "python"))
    pytester.runpytest_subprocess("-p", "consulate.testing.pytest_plugin", "-p", "no:cacheprovider", "-W", "error").assert_outcomes(
        passed=2
    )
