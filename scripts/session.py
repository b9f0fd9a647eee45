"""Write docs/session.svg: a terminal on which somebody takes the tour in README, on `consulate dev`.

.venv/bin/python -m scripts.session
"""

from __future__ import annotations

import io
import re
import tempfile
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.text import Text

from tests.agents import start_dev
from tests.cli.program import PROGRAM, Shell, on_terminal

_ROOT = Path(__file__).parent.parent
PICTURE = _ROOT / "docs" / "session.svg"

#: Columns of the terminal.
_WIDTH = 80

#: What the shell prints after each command, so that its output has an end.
_END = "\x1e"

#: What the tour's first command reads. Here, `consulate` is that of this folder.
_ACTIVATE = f'consulate() {{ {" ".join(PROGRAM)} "$@"; }}\n'


@dataclass(frozen=True)
class Block:
    """A block of commands in README, and the output that it shows below it."""

    commands: tuple[str, ...]
    output: str


@dataclass(frozen=True)
class Step:
    """A command, and the lines that the terminal shows for it, with their colors as a terminal gets them."""

    command: str
    lines: tuple[str, ...]

    @property
    def plain(self) -> list[str]:
        """The lines without colors, as a page shows them: without what only surrounds a table."""
        lines = [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in self.lines]
        return [line for line in lines if line]


def tour() -> list[Block]:
    """Return the blocks of the tour: those in README that are for the second terminal."""
    section = (_ROOT / "README.md").read_text().partition("\n## At the command line\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", section, re.MULTILINE | re.DOTALL)
    return [Block(tuple(commands.splitlines()), output) for commands, output in found][1:]


def record(blocks: list[Block]) -> list[Step]:
    """Run the commands of all blocks in a shell, on a terminal."""
    commands = [command for block in blocks for command in block.commands]
    with start_dev("1.22.5", named=False, unix_socket=False) as agent, tempfile.TemporaryDirectory() as folder:
        activate = Path(folder, ".venv", "bin", "activate")
        activate.parent.mkdir(parents=True)
        activate.write_text(_ACTIVATE)
        script = "".join(f"{command}\nprintf '{_END}'\n" for command in commands)
        environment = {**Shell(agent).environment, "COLUMNS": str(_WIDTH), "PYTHONUTF8": "1"}
        said = on_terminal(["/bin/sh", "-c", script], environment, cwd=Path(folder)).text
        said = said.replace(f"{agent.host}:{agent.port}", "127.0.0.1:8500")
    said = re.sub(r"\bin \d+ ms\b", "in 3 ms", said)  # it differs each time
    outputs = said.split(_END)[: len(commands)]
    return [Step(command, on_screen(output)) for command, output in zip_longest(commands, outputs, fillvalue="")]


def on_screen(output: str) -> tuple[str, ...]:
    """Return the lines that remain on a terminal: a bar is drawn over again, and then erased."""
    lines = [""]
    for part in re.split(r"(\r\n|\x1b\[1A|\r?\x1b\[2K|\x1b\[\?25[hl]\r?)", output):
        if part == "\r\n":
            lines.append("")
        elif part == "\x1b[1A":
            lines.pop()
        elif part.endswith("\x1b[2K"):
            lines[-1] = ""
        elif not part.startswith("\x1b[?25"):
            lines[-1] += part
    return tuple(lines if lines[-1] else lines[:-1])


#: The frame of the picture. It uses the reader's own fonts, and loads nothing.
_FRAME = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>A terminal with the commands of the tour in README.md</title>
<style>
.{unique_id}-matrix {{
  font: {char_height}px/{line_height}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def picture(steps: list[Step]) -> str:
    """Return the terminal as an SVG."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO())
    for step in steps:
        console.print(Text.assemble(("$ ", "bold green"), (step.command, "bold")))
        for line in step.lines:
            console.print(Text.from_ansi(line.rstrip()))
    svg = console.export_svg(title="", code_format=_FRAME, unique_id="session")
    # rich writes all text into one line: with a line for each, a change of the picture can be read as a diff.
    return "\n".join(line.strip() for line in svg.replace("</text>", "</text>\n").splitlines() if line.strip()) + "\n"


def text_of(svg: str) -> list[str]:
    """Return the lines of text in a picture. What is not there, such as a gap between columns, is spaces."""
    rows: dict[float, str] = {}
    for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        text = str(element.text).replace("\xa0", " ")
        y, x, length = (float(element.get(name, "0")) for name in ("y", "x", "textLength"))
        rows[y] = rows.get(y, "").ljust(round(x / length * len(text))) + text
    return [row.rstrip() for _, row in sorted(rows.items())]


if __name__ == "__main__":
    PICTURE.write_text(picture(record(tour())))
    print(f"{PICTURE} is written")
