"""The files of the repository that are pages of the site, and the links between them.

A link such as `../benchmarks/README.md` is right where the file is read in the repository. On the site, it leads to the page with its text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

#: Files outside of docs/ that are pages: path in the repository -> path of the page.
ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
    "tests/README.md": "tests.md",
    "tests/samples/README.md": "samples.md",
    "examples/quickstart.py": "quickstart.md",
    "LICENSE": "license.md",
}

_LINK = re.compile(r"\[([^\]\n]*)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")


def page_of(path: str) -> str:
    """Return the page of the site that shows a file of the repository."""
    return ELSEWHERE.get(path) or path.removeprefix("docs/")


def with_links(text: str, path: str) -> str:
    """Return the text of a file with the links that the site needs. path: the file, in the repository.

    A link whose text is a path has the title of the page as its text instead.
    """
    here = posixpath.dirname(page_of(path))

    def changed(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[2]))
        shown = _title(target) if match[1].endswith(".md") else match[1]
        return f"[{shown}]({posixpath.relpath(page_of(target), here or '.')}{match[3] or ''})"

    return _LINK.sub(changed, text)


def _title(path: str) -> str:
    """Return the first heading of a file; of a file that does not exist, its path."""
    file = ROOT / path
    return file.read_text().partition("\n")[0].removeprefix("# ") if file.is_file() else path


def page_text(path: str) -> str:
    """Return the page that shows a file which is not in docs/."""
    text = (ROOT / path).read_text()
    if path.endswith(".md"):
        return with_links(text, path)
    language = "python" if path.endswith(".py") else "text"
    return f"# {path}\n\n```{language}\n{text}```\n"
