"""Completion in a shell: the scripts that ask for suggestions, and the answers.

A script calls `consulate` with _CONSULATE_COMPLETE=bash_complete, as scripts of click do. In _CONSULATE_LINE is the line up to the
cursor, as it was typed, with its quotes. The first line of the answer says what the others are: `plain`, `nospace` (add no space, since
it is a folder) or `file` (the shell suggests files). The others are suggestions.

bash replaces only the end of a word, from the last colon or from an open quote on, and quotes nothing: it says in _CONSULATE_WORD what
it replaces, and gets what to write there, with quotes. zsh and fish get words and their help, with a tab between them, and quote them.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from click.shell_completion import ShellComplete

if TYPE_CHECKING:
    import click

_BASH = r"""_consulate_completion() {
    local lines
    mapfile -t lines < <(
        export _CONSULATE_COMPLETE=bash_complete _CONSULATE_LINE="${COMP_LINE:0:COMP_POINT}" _CONSULATE_WORD="$2"
        "${1/#\~/$HOME}" 2>/dev/null </dev/null
    )
    COMPREPLY=("${lines[@]:1}")
    case ${lines[0]-} in
        file) compopt -o default ;;
        nospace) compopt -o nospace ;;
    esac
}
complete -F _consulate_completion consulate
"""

_ZSH = r"""#compdef consulate
_consulate() {
    local -a lines plain folders described
    local line value
    lines=("${(@f)$(
        export _CONSULATE_COMPLETE=zsh_complete _CONSULATE_LINE="${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX"
        ${~words[1]} 2>/dev/null </dev/null
    )}")
    if [[ $lines[1] == file ]]; then
        compset -P '--*='
        _files
        return
    fi
    shift lines
    for line in $lines; do
        value=${line%%$'\t'*}
        if [[ $value != $line ]]; then
            described+=("${value//:/\\:}:${line#*$'\t'}")
        elif [[ $value == */ ]]; then
            folders+=("$value")
        else
            plain+=("$value")
        fi
    done
    [[ -n $folders ]] && compadd -S '' -a folders
    [[ -n $plain ]] && compadd -a plain
    [[ -n $described ]] && _describe consulate described
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _consulate "$@"
else
    compdef _consulate consulate
fi
"""

_FISH = r"""function __consulate_completion
    set -lx _CONSULATE_COMPLETE fish_complete
    set -lx _CONSULATE_LINE (commandline -cp | string collect)
    set -l lines (consulate 2>/dev/null </dev/null)
    if test "$lines[1]" = file
        set -l option (commandline -ct | string match -r -- '^--[^=]*=')
        printf "$option%s\n" (__fish_complete_path (commandline -ct | string replace -- "$option" ""))
    else if set -q lines[2]
        printf '%s\n' $lines[2..-1]
    end
end
complete --command consulate --no-files --arguments '(__consulate_completion)'
"""

#: What each shell runs.
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}

#: What a backslash keeps from its meaning, by the quote that it is in. fish has escapes in single quotes too.
_ESCAPED = {"'": "", '"': '"\\$`'}

#: How a character is written inside a quote, where it cannot stand for itself.
_QUOTED = {"'": {"'": "'\\''"}, '"': {'"': '\\"', "\\": "\\\\", "$": "\\$", "`": "\\`", "!": "\"'!'\""}}

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")

_UNSAFE = re.compile(r"[^\w./@%+=:,-]")


class Typed(NamedTuple):
    """A line that is typed. words: those that are complete. last: the last one, which may be empty. quote: that is open in it."""

    words: list[str]
    last: str
    quote: str


def read_line(line: str, shell: str = "bash") -> Typed:
    """Split a line as a shell does, without expanding anything."""
    escaped = {**_ESCAPED, "'": "\\'"} if shell == "fish" else _ESCAPED
    words: list[str] = []
    word: str | None = None
    quote = ""
    characters = iter(line)
    for char in characters:
        if char == quote:
            quote = ""
        elif char == "\\" and (not quote or escaped[quote]):
            after = next(characters, "")
            word = (word or "") + ("\\" if quote and after not in escaped[quote] else "") + after
        elif not quote and char in "'\"":
            quote, word = char, word or ""
        elif not quote and char.isspace():
            words += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + char
    while words and _ASSIGNMENT.match(words[0]):
        del words[0]  # variables before the command
    return Typed(words, word or "", quote)


def quoted(text: str, quote: str) -> str:
    """Return text as bash reads it inside an open quote, or outside of quotes."""
    if quote:
        return "".join(_QUOTED[quote].get(char, char) for char in text)
    return _UNSAFE.sub(r"\\\g<0>", text)


class _Completion(ShellComplete):
    """Finds suggestions for a line, as click does."""

    def answer(self, shell: str, line: str, replaced: str) -> list[str]:
        """Return the lines of an answer. replaced: the end of the line that bash replaces."""
        typed = read_line(line, shell)
        found = self.get_completions(typed.words[1:], typed.last)
        if [item.type for item in found] in (["file"], ["dir"]):
            return ["file"]
        option, equals, _ = typed.last.partition("=")
        start = option + equals if equals and option.startswith("--") else ""
        # A control character could change what the terminal shows; no shell would read it back as the same word.
        items = [(start + item.value, item.help or "") for item in found if item.value.isprintable()]
        kind = "nospace" if any(value.endswith("/") for value, _ in items) else "plain"
        if shell == "bash":
            kept = read_line(line.removesuffix(replaced))
            return [kind, *(quoted(value.removeprefix(kept.last), kept.quote) for value, _ in items)]
        return [kind, *(f"{value}\t{' '.join(text.split())}" if text else value for value, text in items)]


def print_suggestions(program: click.Group) -> None:
    """Print the suggestions that the script of a shell asks for. There may be none; nothing else is ever printed."""
    shell = os.environ["_CONSULATE_COMPLETE"].removesuffix("_complete")
    try:
        completion = _Completion(program, {}, "consulate", "_CONSULATE_COMPLETE")
        lines = completion.answer(shell, os.environ.get("_CONSULATE_LINE", ""), os.environ.get("_CONSULATE_WORD", ""))
    except Exception:
        lines = ["plain"]  # a line that is wrong, such as an unknown command
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode(errors="surrogateescape"))
    sys.stdout.flush()
