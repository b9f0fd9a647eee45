"""Completion: what is suggested, for each shell, and what a real shell then has on its line."""

from __future__ import annotations

import os
import pty
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from consulate import Consul
from consulate.cli import main, suggestions
from consulate.cli.completion import SCRIPTS, quoted, read_line
from tests.agents import start_dev
from tests.cli.program import PATIENCE, PROGRAM, Shell, read_terminal

_KEYS = ("app/name", "app/limits/cpu", "app/a b/x", "a:b:c", "it's", 'q"x', "do$lar", "wow!", "d\u00e9j\u00e0", "bell\a", "zoo/")

_LIMIT = suggestions.LIMIT

#: Returns the answer for a line. The second argument is the part that bash replaces; if it is not given, the last word.
Ask = Callable[..., list[str]]


@pytest.fixture
def ask(shell: Shell, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Ask:
    """Asks as the script of a shell does, in this process."""
    for name in [each for each in os.environ if each.startswith("CONSUL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONSUL_HTTP_ADDR", f"{shell.agent.host}:{shell.agent.port}")
    monkeypatch.setattr(suggestions, "LIMIT", PATIENCE)  # this machine may be busy

    def answer(line: str, word: str | None = None, name: str = "bash") -> list[str]:
        monkeypatch.setenv("_CONSULATE_COMPLETE", f"{name}_complete")
        monkeypatch.setenv("_CONSULATE_LINE", line)
        monkeypatch.setenv("_CONSULATE_WORD", line.rpartition(" ")[2] if word is None else word)
        main()
        out, errors = capfd.readouterr()
        assert errors == ""
        return out.splitlines()

    return answer


@pytest.fixture
def keys(consul: Consul) -> None:
    """Keys with odd names."""
    consul.kv.put_many(dict.fromkeys(_KEYS, "v"))


_LINES = {
    "consulate k": ["plain", "kv"],
    "consulate kv g": ["plain", "get"],
    "consulate kv get --rec": ["plain", "--recurse"],
    "consulate --api-scheme http+": ["plain", "http+unix"],
    "consulate kv backup --format=consul": ["plain", "--format=consulate", "--format=consul"],
    "consulate kv get ": ["nospace", "a:b:c", "app/", "do\\$lar", "d\u00e9j\u00e0", "it\\'s", 'q\\"x', "wow\\!", "zoo/"],
    "consulate kv get app/": ["nospace", "app/a\\ b/", "app/limits/", "app/name"],
    "consulate kv ls -l app/lim": ["nospace", "app/limits/"],
    "consulate kv rm -r app/n": ["plain", "app/name"],
    "consulate kv backup app/l": ["nospace", "app/limits/"],
    "consulate kv diff file it": ["plain", "it\\'s"],
    "consulate lock zo": ["nospace", "zoo/"],
    "consulate run_once zo": ["nospace", "zoo/"],
    "consulate kv get none": ["plain"],
    "consulate kv get app/name ": ["plain"],
    "consulate kv nothing more": ["plain"],
    "consulate kv backup -f ": ["file"],
    "consulate kv restore --file=a": ["file"],
    "consulate --token-file ~/": ["file"],
    "consulate kv diff ": ["file"],
    "consulate dev --data ": ["file"],
    "consulate --token-file - kv get ": ["plain"],
    "consulate --token-file /nowhere kv get ": ["plain"],
    "consulate --datacenter nowhere kv get ": ["plain"],
    "consulate --api-host 127.0.0.1:1 kv get ": ["plain"],
    "consulate --api-host http:x kv get ": ["plain"],
}


@pytest.mark.usefixtures("keys")
def test_a_word_is_completed(ask: Ask) -> None:
    for line, expected in _LINES.items():
        answer = ask(line)
        assert [answer[0], *sorted(answer[1:])] == [expected[0], *sorted(expected[1:])], line


@pytest.mark.usefixtures("keys")
def test_bash_gets_what_it_replaces(ask: Ask) -> None:
    """The end of the word, from the last colon or the open quote on, and in that quote."""
    assert ask("consulate kv get a:b:", "") == ["plain", "c"]
    assert ask("consulate kv backup --format=consula", "consula") == ["plain", "consulate"]
    assert ask("consulate kv get app/a\\ ", "app/a\\ ") == ["nospace", "app/a\\ b/"]
    assert ask('consulate kv get "app/a ', "app/a ") == ["nospace", "app/a b/"]
    assert ask('consulate kv get "app/a b/"', '"app/a b/"') == ["plain", "app/a\\ b/x"]
    assert ask("consulate kv get 'i", "i") == ["plain", "it'\\''s"]
    assert ask('consulate kv get "q', "q") == ["plain", 'q\\"x']
    assert ask('consulate kv get "d', "d")[1:] == ["do\\$lar", "d\u00e9j\u00e0"]


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("shell_name", ["zsh", "fish"])
def test_other_shells_get_whole_words_and_help(ask: Ask, shell_name: str) -> None:
    assert ask('consulate kv get "app/a', name=shell_name) == ["nospace", "app/a b/"]
    assert ask("consulate kv get it\\'", name=shell_name) == ["plain", "it's"]
    assert ask("CONSUL_CACERT=x consulate k", name=shell_name) == ["plain", "kv\tRead and write the key/value store."]
    assert ask("consulate kv set --fi", name=shell_name) == ["plain", "--file\tStore the bytes of this file; - reads standard input."]


def test_services_are_completed(ask: Ask, consul: Consul) -> None:
    consul.agent.service.register("web", service_id="web:1")
    try:
        assert ask("consulate deregister w") == ["plain", "web:1"]
        assert ask("consulate deregister web:", "") == ["plain", "1"]
        assert ask("consulate register web no-check -s ") == ["plain", "web:1"]
        deadline = time.monotonic() + PATIENCE
        while ask("consulate register w") != ["plain", "web"]:  # the catalog may lag behind
            assert time.monotonic() < deadline
    finally:
        consul.agent.service.deregister("web:1")
    assert ask("consulate register web h") == ["plain", "httpcheck"]


def test_the_token_may_be_anywhere_and_is_shown_nowhere(ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with start_dev("1.22.5", acls=True) as agent:
        token = str(agent.management_token)
        with Consul(agent.host, agent.port, token=token) as consul:
            consul.kv.put("secret", "v")
        address = f"--api-host {agent.host} --api-port {agent.port}"
        assert ask(f"consulate {address} kv get s") == ["plain"]
        assert ask(f"consulate {address} --token {token[:-1]} kv get s") == ["plain"]
        assert ask(f"consulate {address} --token {token} kv get s") == ["plain", "secret"]
        (tmp_path / "token").write_text(token)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert ask(f"consulate {address} --token-file ~/token kv get s") == ["plain", "secret"]
        assert ask(f"consulate {address} --token-file $HOME/token kv get s") == ["plain", "secret"]
        monkeypatch.setenv("CONSUL_HTTP_TOKEN", token)
        assert ask(f"consulate {address} kv get s") == ["plain", "secret"]


def test_an_agent_that_does_not_answer_holds_nobody_up(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _LIMIT <= 1
    monkeypatch.setattr(suggestions, "LIMIT", _LIMIT)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begin = time.monotonic()
        assert ask(f"consulate --api-host 127.0.0.1 --api-port {silent.getsockname()[1]} kv get ") == ["plain"]
        assert time.monotonic() - begin < 10


_SPLIT = {
    "a b": (["a"], "b", ""),
    "a  b ": (["a", "b"], "", ""),
    "a 'b \\c": (["a"], "b \\c", "'"),
    "a 'b'c\"d": (["a"], "bcd", '"'),
    'a "b\\"c\\d" ': (["a", 'b"c\\d'], "", ""),
    "a b\\ c\\": (["a"], "b c", ""),
    "a '' x\\'y": (["a", ""], "x'y", ""),
    "a 'b\\' c": (["a", "b\\"], "c", ""),
    "": ([], "", ""),
}


def test_a_line_is_split_as_a_shell_does() -> None:
    assert {line: tuple(read_line(line)) for line in _SPLIT} == _SPLIT
    assert read_line("a 'b\\' c", "fish") == (["a"], "b' c", "'")


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_what_is_quoted_is_read_back(quote: str) -> None:
    text = "".join(map(chr, range(32, 127))) + "\u00e9\u20ac"
    script = f"printf %s {quote}{quoted(text, quote)}{quote}"
    assert subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout == text


@pytest.fixture
def home(shell: Shell, tmp_path: Path) -> dict[str, str]:
    """The variables of a shell that finds the program, and its own configuration in a folder."""
    program = tmp_path / "bin" / "consulate"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    start = "PS1='ready> '; " + 'eval "$(consulate completion {})"\n'
    (tmp_path / ".bashrc").write_text("bind 'set enable-bracketed-paste off'\n" + start.format("bash"))
    (tmp_path / ".zshrc").write_text("autoload -Uz compinit; compinit -u -D\n" + start.format("zsh"))
    fish = tmp_path / "fish" / "completions"
    fish.mkdir(parents=True)
    (fish / "consulate.fish").write_text(SCRIPTS["fish"])
    given = {"HOME": str(tmp_path), "ZDOTDIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    return {**shell.environment, **given, "PATH": f"{program.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}


def _type(argv: list[str], environment: dict[str, str], keys: str) -> str:
    """Type keys in an interactive shell. Return what its terminal shows until it ends."""
    control, terminal = pty.openpty()
    with subprocess.Popen(argv, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, start_new_session=True) as process:
        os.close(terminal)
        try:
            return read_terminal(control, keys, after=b"ready> ").decode(errors="replace")
        finally:
            process.kill()
            os.close(control)


@pytest.mark.parametrize("argv", [["bash", "--noprofile", "-i"], ["zsh", "-i"]], ids=["bash", "zsh"])
def test_a_shell_completes_what_is_typed(argv: list[str], home: dict[str, str], consul: Consul) -> None:
    """A folder gets no space, so that its keys follow: the command that is completed finds the value."""
    if not shutil.which(argv[0]):
        pytest.skip(f"{argv[0]} is not installed")
    consul.kv.put_many({"app/a b/it's:x": "found it", "app/other": "other"})
    shown = _type(argv, home, "consulate k\tget app/a\ti\t\nexit\n")
    assert "found it" in shown
    assert "Error" not in shown


def test_fish_completes_what_is_typed(home: dict[str, str], consul: Consul) -> None:
    if not shutil.which("fish"):
        pytest.skip("fish is not installed")
    consul.kv.put("app/a b/it's:x", "v")
    script = "complete -C 'consulate kv get \"app/a b/i'; complete -C 'consulate acl backup --file='"
    done = subprocess.run(
        ["fish", "-c", script], check=True, capture_output=True, text=True, env=home, cwd=Path(home["HOME"], "fish"), timeout=PATIENCE
    )
    assert done.stdout.splitlines() == ["app/a b/it's:x", "--file=completions/"]
    assert done.stderr == ""
