"""`consulate kv`: what each command does and prints, without a terminal and with one."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

from consulate import Consul
from tests.cli.program import Shell


def test_a_value_is_written_and_read(shell: Shell, consul: Consul) -> None:
    assert shell.run("kv", "set", "a/b", "hello").out == b""
    assert shell.run("kv", "get", "a/b").out == b"hello\n"
    consul.kv.put("a/b", "old", flags=7)
    shell.run("kv", "set", "a/b", "-5")
    assert (consul.kv.get_record("a/b", raw=True)["Value"], consul.kv.get_record("a/b")["Flags"]) == (b"-5", 7)
    assert shell.run("kv", "get", "a/b", "--raw").out == b"-5"
    shell.run("kv", "set", "--", "a/b", "--help")
    assert shell.run("kv", "get", "a/b").out == b"--help\n"


def test_a_value_of_any_bytes_is_written_and_read(shell: Shell, consul: Consul, tmp_path: Path) -> None:
    binary = bytes(range(256))
    (tmp_path / "value").write_bytes(binary)
    shell.run("kv", "set", "k", "--file", str(tmp_path / "value"))
    assert consul.kv.get("k", raw=True) == binary
    shell.run("kv", "set", "k", "--file", "-", given=binary[::-1])
    assert shell.run("kv", "get", "k", "--raw").out == binary[::-1]
    shell.run("kv", "set", "k", b"caf\xe9")
    assert shell.run("kv", "get", "k").out == b"caf\xe9\n"
    assert shell.run("kv", "get", "-r", "k").out == b"k\tcaf\xe9\n"
    shown = json.loads(shell.run("kv", "get", "k", "--json").out)
    assert (shown["Key"], b64decode(shown["Value"])) == ("k", b"caf\xe9")


def test_set_needs_one_value(shell: Shell) -> None:
    assert "VALUE" in shell.run("kv", "set", "k", code=2).err
    assert "VALUE" in shell.run("kv", "set", "k", "v", "--file", "f", code=2).err
    for options in ([], ["--dry-run"]):
        assert "a//b" in shell.run("kv", "set", "a//b", "v", *options, code=2).err
    assert shell.run("kv", "set", "k", "v", "--dry-run").out == b"would write 1 bytes to k\n"
    assert shell.run("kv", "ls").out == b""
    assert shell.run("kv", "set", "k", "--file", "/no/such/file", code=1).err == "Error: /no/such/file: No such file or directory\n"


def test_a_tree_is_read(shell: Shell, consul: Consul) -> None:
    consul.kv.put_many({"app/x/a": "1", "app/x/b": "two words", "app/y": "", "other": "3"})
    assert shell.run("kv", "get", "app/", "-r").lines == ["app/x/a\t1", "app/x/b\ttwo words", "app/y\t"]
    assert shell.run("kv", "get", "app/", "-r", "-t", "1").lines == ["x/a\t1", "x/b\ttwo words", "y\t"]
    assert shell.run("kv", "get", "app/", "--recurse", "--trim", "9").lines == ["a\t1", "b\ttwo words", "y\t"]
    found = json.loads(shell.run("kv", "get", "app/", "-r", "--json").out)
    assert [each["Key"] for each in found] == ["app/x/a", "app/x/b", "app/y"]


def test_what_is_not_there_is_an_exit_code(shell: Shell) -> None:
    for words in (["get", "none"], ["get", "none", "--json"], ["get", "-r", "none"], ["rm", "none"], ["rm", "none", "--dry-run"]):
        ended = shell.run("kv", *words, code=1)
        assert "'none'" in ended.err
        assert "consulate kv ls" in ended.err
        assert len(ended.err.splitlines()) == 1
    assert shell.run("kv", "get", "-r", "none", "--json", code=1).out == b"[]\n"
    assert shell.run("kv", "ls", "none").out == b""


def test_keys_are_listed(shell: Shell, consul: Consul) -> None:
    consul.kv.put("b/1", "12345", flags=3)
    consul.kv.put("b/2", None)
    consul.kv.put("c", "x")
    index = consul.kv.get_record("b/1")["ModifyIndex"]
    assert shell.run("kv", "ls").lines == ["b/1", "b/2", "c"]
    assert shell.run("kv", "ls", "b").lines == ["b/1", "b/2"]
    assert shell.run("kv", "ls", "b", "-l").lines[0].split() == ["5", "3", str(index), "b/1"]
    assert json.loads(shell.run("kv", "ls", "b", "--json").out) == ["b/1", "b/2"]
    assert json.loads(shell.run("kv", "ls", "b", "--long", "--json").out)[0] == {
        "Size": 5,
        "Flags": 3,
        "ModifyIndex": index,
        "Key": "b/1",
    }


def test_a_folder_is_created_once(shell: Shell, consul: Consul) -> None:
    assert shell.run("kv", "mkdir", "d/e", "--dry-run").out == b"would create d/e/\n"
    assert consul.kv.keys() == []
    shell.run("kv", "mkdir", "d/e")
    assert consul.kv.keys() == ["d/e/"]
    consul.kv.put("d/e/", "kept")
    shell.run("kv", "mkdir", "d/e/")
    assert consul.kv.items() == {"d/e/": "kept"}


def test_a_key_is_deleted(shell: Shell, consul: Consul) -> None:
    consul.kv.put_many({"a": 1, "b": 2, "c/1": 3, "c/2": 4, "cc": 5})
    assert shell.run("kv", "rm", "a", "--dry-run").lines == ["a"]
    shell.run("kv", "rm", "a")
    shell.run("kv", "del", "b")
    assert shell.run("kv", "rm", "-r", "c/", "--dry-run").lines == ["c/1", "c/2"]
    assert consul.kv.keys() == ["c/1", "c/2", "cc"]
    shell.run("kv", "rm", "-r", "c/")
    assert consul.kv.keys() == ["cc"]


def test_every_key_is_deleted_only_with_yes(shell: Shell, consul: Consul) -> None:
    consul.kv.put("a", 1)
    assert "-y" in shell.run("kv", "rm", "-r", "", code=2).err
    assert consul.kv.keys() == ["a"]
    shell.run("kv", "rm", "-r", "", "-y")
    assert consul.kv.keys() == []


def test_on_a_terminal_a_tree_is_deleted_after_a_question(shell: Shell, consul: Consul) -> None:
    consul.kv.put_many({"c/1": 3, "c/2": 4})
    asked = shell.type("kv", "rm", "-r", "c/", typed="n\n", code=1)
    assert "Delete the 2 keys that begin with 'c/'? [y/N]" in asked.text
    assert len(consul.kv.keys()) == 2
    shell.type("kv", "rm", "-r", "c/", typed="y\n")
    assert consul.kv.keys() == []
    consul.kv.put("c/1", 3)
    assert shell.type("kv", "rm", "-r", "c/", "-y").out == b""
    assert consul.kv.keys() == []


def test_keys_are_a_tree(shell: Shell, consul: Consul) -> None:
    consul.kv.put_many({"a/b": 1, "a/c/": 2, "a/c/d": 3, "e": 4})
    drawn = ["├── a/", "│   ├── b", "│   └── c/", "│       └── d", "└── e"]
    assert Shell(shell.agent, {"PYTHONUTF8": "1"}).run("kv", "tree").lines == drawn
    plain = Shell(shell.agent, {"PYTHONIOENCODING": "ascii"}).run("kv", "tree").lines
    assert plain == ["|-- a/", "|   |-- b", "|   `-- c/", "|       `-- d", "`-- e"]
    assert json.loads(shell.run("kv", "tree", "a/c", "--json").out) == {"a/": {"c/": {"d": None}}}


def test_a_terminal_gets_a_table(shell: Shell, consul: Consul) -> None:
    consul.kv.put("a/b", "[red]v\x1b]0;title\x07")
    shown = shell.type("kv", "ls", "-l").text
    assert "Changed at" in shown
    assert "a/b" in shown
    assert b"\x1b[1m" in shell.type("kv", "ls", "-l").out
    shown = shell.type("kv", "get", "-r", "a").text
    assert r"[red]v\x1b]0;title\x07" in shown
    assert "\x1b]" not in shown


def test_no_color_is_heeded(shell: Shell, consul: Consul) -> None:
    consul.kv.put("a/b", "v")
    plain = Shell(shell.agent, {"NO_COLOR": "1"})
    assert "\x1b[3" not in plain.type("kv", "ls", "-l").text
    dumb = Shell(shell.agent, {"TERM": "dumb"})
    assert "\x1b" not in dumb.type("kv", "ls", "-l").text
