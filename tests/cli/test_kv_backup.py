"""`consulate kv backup`, `restore` and `diff`: every backup restores byte for byte, in each format, and what stops says what was done."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from consulate import Consul
from consulate.api.kv import _CONNECTIONS
from tests.agents import Binary, find_binaries, require_binary, start_agent, start_dev
from tests.cli.program import Shell
from tests.cli.stopping_agent import agent_that_stops

Records = list[tuple[str, int, bytes]]

_ODD = [
    "a//b",
    "a/../b",
    "./x",
    " ",
    "e\u0301\U0001f600",
    "new\nline",
    'quote"',
    "tab\t",
    "back\\slash",
    "<&>",
    "app",
    "app.",
    "app/",
    "app0",
]
_ENDS = [
    "",
    "/",
    " ",
    "%2F",
    "?raw=1&x",
    "#1",
    "\\",
    "'",
    '"',
    "+",
    "=",
    ":",
    ",",
    "\u00e9",
    "\U0001f600",
    "<>",
    "{}",
    "\x7f",
    "/../x",
    "//y",
]


def _records(count: int, seed: int) -> Records:
    """Return random keys, sorted: values of any bytes, of text, and empty ones; odd names; flags."""
    draw = random.Random(seed)
    names = {*_ODD, *(f"app/{draw.choice(['x', 'y/z', 'w/'])}{draw.randrange(10**6)}{draw.choice(_ENDS)}" for _ in range(count))}
    values = (draw.randbytes, lambda size: "\u00e9\x00\n"[: size % 4].encode() * size, lambda _: b"", lambda size: str(size).encode())
    return [(name, draw.choice([0, 1, 42, 2**64 - 1]), draw.choice(values)(draw.randrange(200))) for name in sorted(names, key=str.encode)]


def _put(consul: Consul, records: Records) -> None:
    consul.kv.put_many((key, value, flags) for key, flags, value in records)


def _held(consul: Consul, prefix: str = "") -> Records:
    found: list[Any] = consul.kv.records(prefix, raw=True)
    return [(key, flags, value) for key, flags, value in found]


@pytest.mark.parametrize("options", [[], ["-b"], ["-p"], ["-b", "--pretty"], ["--format", "consul"]], ids=lambda given: "".join(given))
def test_a_backup_restores_byte_for_byte(shell: Shell, consul: Consul, tmp_path: Path, options: list[str]) -> None:
    records = _records(150, seed=len(options))
    _put(consul, records)
    file = str(tmp_path / "backup.json")
    assert shell.run("kv", "backup", "-f", file, *options).out == b""
    assert shell.run("kv", "backup", *options).out == Path(file).read_bytes()
    consul.kv.delete("", recurse=True)
    base64 = ["-b"] if "-b" in options else []
    shell.run("kv", "restore", "-f", file, *base64)
    assert _held(consul) == records
    consul.kv.delete("", recurse=True)
    shell.run("kv", "restore", *base64, given=Path(file).read_bytes())
    assert _held(consul) == records


def test_with_a_key_the_names_are_relative_to_it(shell: Shell, consul: Consul) -> None:
    records = [("app/", 0, b""), ("app/a", 3, b"one"), ("app/b/c", 0, b"\xff")]
    _put(consul, [*records, ("apple", 0, b"no"), ("app", 0, b"no")])
    expected = '[\n["", 0, ""],\n["a", 3, "one"],\n["b/c", 0, {"base64": "/w=="}]\n]\n'
    assert shell.run("kv", "backup", "app").text == shell.run("kv", "backup", "app/").text == expected
    shell.run("kv", "restore", "copy", given=expected.encode())
    assert _held(consul, "copy/") == [(key.replace("app", "copy"), flags, value) for key, flags, value in records]


def test_the_objects_of_the_api_are_restored(shell: Shell, consul: Consul) -> None:
    records = _records(20, seed=5)
    _put(consul, records)
    objects = shell.run("kv", "get", "-r", "", "--json").out
    assert {"Key", "Flags", "Value", "ModifyIndex"} <= json.loads(objects)[0].keys()
    consul.kv.delete("", recurse=True)
    shell.run("kv", "restore", given=objects)
    assert _held(consul) == records


def test_an_unsorted_backup_with_a_key_twice_is_restored(shell: Shell, consul: Consul) -> None:
    consul.kv.put_many({"app/b": "old", "app/gone": 1})
    given = b'[["c", 0, "1"], ["b", 0, "2"], ["c", 1, "3"]]'
    shell.run("kv", "restore", "app", "--prune", given=given)
    assert _held(consul) == [("app/b", 0, b"2"), ("app/c", 1, b"3")]
    shell.run("kv", "restore", "two", given=given)
    assert _held(consul, "two/") == [("two/b", 0, b"2"), ("two/c", 1, b"3")]


def test_no_replace_leaves_keys_and_prune_deletes_others(shell: Shell, consul: Consul) -> None:
    given = b'[["a", 0, "new"], ["b", 0, "new"]]'
    before = {"app/b": "old", "app/c": "old", "apple": "old"}
    for options, after in {
        (): {"app/a": "new", "app/b": "new", "app/c": "old"},
        ("-n",): {"app/a": "new", "app/b": "old", "app/c": "old"},
        ("-p",): {"app/a": "new", "app/b": "new"},
        ("--no-replace", "--prune"): {"app/a": "new", "app/b": "old"},
    }.items():
        consul.kv.delete("", recurse=True)
        consul.kv.put_many(before)
        planned = shell.run("kv", "restore", "app", "--dry-run", *options, given=given).lines
        assert consul.kv.items() == before
        changes = {key: "+" if key not in before else "~" for key, value in after.items() if before.get(key) != value}
        changes |= {key: "-" for key in before if key.startswith("app/") and key not in after}
        assert planned == [f"{changes[key]} {key}" for key in sorted(changes)]
        shell.run("kv", "restore", "app", *options, given=given)
        assert consul.kv.items() == {**after, "apple": "old"}


def test_diff_says_what_a_restore_would_change(shell: Shell, consul: Consul, tmp_path: Path) -> None:
    consul.kv.put_many({"app/a": "1", "app/b": "2", "app/d": "4"})
    file = tmp_path / "backup.json"
    file.write_text('[["a", 0, "1"], ["b", 7, "2"], ["c", 0, "3"]]')
    assert shell.run("kv", "diff", str(file), "app", code=1).lines == ["~ app/b", "+ app/c", "- app/d"]
    assert json.loads(shell.run("kv", "diff", "-", "app", "--json", given=file.read_bytes(), code=1).out) == [
        {"Change": "changed", "Key": "app/b"},
        {"Change": "added", "Key": "app/c"},
        {"Change": "removed", "Key": "app/d"},
    ]
    assert shell.run("kv", "diff", "/no/such/file", code=2).err == "Error: /no/such/file: No such file or directory\n"
    shell.run("kv", "restore", "app", "-p", "-f", str(file))
    assert shell.run("kv", "diff", str(file), "app").out == b""
    shell.run("kv", "backup", "-b", "-f", str(file))
    assert shell.run("kv", "diff", str(file), "-b").out == b""


@pytest.mark.parametrize(
    ("given", "says"),
    [(b'[["a", 0, "1"], ["b"]]', "entry 2"), (b'[["a", 0, "1"],', "complete"), (b"\xff", "UTF-8"), (b'[["", 0, "2"]]', "key")],
)  # fmt: skip
def test_a_backup_with_a_fault_changes_nothing(shell: Shell, consul: Consul, given: bytes, says: str) -> None:
    assert says in shell.run("kv", "restore", given=given, code=2).err
    assert consul.kv.keys() == []


def test_a_fault_names_the_file(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "backup.json"
    file.write_text("{}")
    for words in (["restore", "-f", str(file)], ["diff", str(file)]):
        assert shell.run("kv", *words, code=2).err == f"Error: {file}: a backup is a JSON list, and this file does not begin with [\n"


def test_a_backup_replaces_a_file_only_as_a_whole(shell: Shell, consul: Consul, tmp_path: Path) -> None:
    file, link = tmp_path / "backup.json", tmp_path / "link"
    consul.kv.put("a", 1)
    shell.run("kv", "backup", "-f", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    link.symlink_to(file)
    consul.kv.put("b", 2)
    shell.run("kv", "backup", "-f", str(link))
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    text = file.read_text()
    assert [key for key, _, _ in json.loads(text)] == ["a", "b"]
    Shell(shell.agent, {"CONSUL_HTTP_ADDR": "127.0.0.1:1"}).run("kv", "backup", "-f", str(file), code=3)
    assert file.read_text() == text
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup.json", "link"]
    assert shell.run("kv", "backup", "-f", "/dev/stdout").text == text
    missing = tmp_path / "none" / "f"
    assert shell.run("kv", "backup", "-f", str(missing), code=1).err == f"Error: {missing}: No such file or directory\n"
    assert "none" in shell.run("kv", "restore", "-f", str(tmp_path / "none"), code=1).err


def test_a_refused_value_says_what_was_applied(shell: Shell, consul: Consul) -> None:
    large = b64encode(b"v" * 600_000).decode()
    entries = [[f"k{number:04}", 0, "v"] for number in range(640)] + [["large", 0, {"base64": large}], ["z", 0, "v"]]
    ended = shell.run("kv", "restore", given=json.dumps(entries).encode(), code=5)
    held = len(consul.kv.keys())
    assert f"{held} of 642 keys were applied" in ended.err
    assert "large" in ended.err
    assert "run the command again" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_without_rights_nothing_is_applied() -> None:
    with start_dev("1.22.5", acls=True) as agent:
        shell = Shell(agent)
        assert "0 of 1 keys were applied" in shell.run("kv", "restore", given=b'[["a", 0, "1"]]', code=4).err
        # A read without rights finds nothing or is refused, as Consul does.
        assert Shell(agent, {"CONSUL_HTTP_TOKEN": str(agent.management_token)}).run("kv", "backup").out == b"[]\n"


def test_a_backup_has_what_the_token_may_read() -> None:
    with start_dev("1.22.5", acls=True) as agent, Consul(agent.host, agent.port, token=agent.management_token) as consul:
        consul.kv.put_many({"app/a": "1", "app/b": "2", "other": "3"})
        policy = consul.acl.policy.create("app", rules='key_prefix "app/" { policy = "write" }')
        token = consul.acl.token.create(policies=[{"ID": policy["ID"]}])["SecretID"]
        shell = Shell(agent, {"CONSUL_HTTP_TOKEN": token})
        assert [key for key, _, _ in json.loads(shell.run("kv", "backup").out)] == ["app/a", "app/b"]
        shell.run("kv", "restore", "--prune", given=b'[["app/b", 0, "2"]]')
        assert consul.kv.keys() == ["app/b", "other"]


def test_on_a_terminal_prune_asks_and_a_bar_is_shown(shell: Shell, consul: Consul, tmp_path: Path) -> None:
    consul.kv.put_many({"app/a": "1", "app/b": "2"})
    file = tmp_path / "backup.json"
    file.write_text('[["a", 0, "1"]]')
    asked = shell.type("kv", "restore", "app", "-p", "-f", str(file), typed="n\n", code=1)
    assert "Delete the 1 keys below 'app/'" in asked.text
    assert len(consul.kv.keys()) == 2
    shown = shell.type("kv", "restore", "app", "-p", "-y", "-f", str(file))
    assert "restoring" in shown.text
    assert consul.kv.keys() == ["app/a"]
    assert "backing up" in shell.type("kv", "backup", "-f", str(file)).text
    assert shell.run("kv", "backup").err == ""


def _results(body: bytes) -> bytes:
    """Return the answer to a transaction that writes keys."""
    kv = {"LockIndex": 0, "Flags": 0, "Value": None, "CreateIndex": 1, "ModifyIndex": 1}
    results = [{"KV": {**kv, "Key": each["KV"]["Key"]}} for each in json.loads(body)]
    return json.dumps({"Results": results, "Errors": None}).encode()


def test_ctrl_c_says_what_was_applied(tmp_path: Path) -> None:
    file = tmp_path / "backup.json"
    file.write_text(json.dumps([[f"k{number:05}", 0, "v"] for number in range(64 * 40)]))
    with agent_that_stops(_results) as (agent, has_more), Shell(agent).begin("kv", "restore", "-f", str(file)) as process:
        assert has_more.wait(30)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 5
    said = re.fullmatch(
        r"Error: interrupted; (\d+) of 2560 keys were applied, of (\d+) this is unknown, because the answer was lost; run .*\n",
        errors.decode(),
    )
    assert said, errors
    # The first transaction has 128 keys.
    assert int(said[1]) in (0, 64, 128)
    assert 0 < int(said[2]) <= 128 + (_CONNECTIONS - 1) * 64


@pytest.mark.real
@pytest.mark.parametrize("binary", [*find_binaries()] or [None], ids=lambda binary: "no Consul" if binary is None else str(binary.version))
def test_backups_are_exchanged_with_the_official_command(binary: Binary | None, tmp_path: Path) -> None:
    binary = require_binary(binary)
    records = _records(14_000, seed=9)
    writable = [
        each for each in records if each[0].isprintable() and each[0] == each[0].strip() and not re.search(r"//|(^|/)\.\.?/", each[0])
    ]
    assert len(writable) > 10_000
    with start_agent(binary, acls=False) as agent, Consul(agent.host, agent.port) as consul:
        shell = Shell(agent)

        def official(*words: str, given: bytes = b"") -> bytes:
            command = [binary.path, "kv", *words]
            done = subprocess.run(command, check=False, input=given, capture_output=True, env=shell.environment, timeout=60)
            assert done.returncode == 0, done.stderr
            return done.stdout

        _put(consul, records)
        exported = official("export", "")
        ours = shell.run("kv", "backup", "--format", "consul").out
        assert json.loads(ours) == [{name: each[name] for name in ("key", "flags", "value")} for each in json.loads(exported)]
        consul.kv.delete("", recurse=True)
        shell.run("kv", "restore", given=exported)
        assert _held(consul) == records
        consul.kv.delete("", recurse=True)
        _put(consul, writable)  # the official command refuses the other names
        ours = shell.run("kv", "backup", "--format", "consul").out
        consul.kv.delete("", recurse=True)
        official("import", "-", given=ours)
        assert _held(consul) == writable
