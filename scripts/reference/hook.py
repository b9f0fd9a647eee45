"""What mkdocs calls while it builds the site: it adds the generated pages, and the pages that are elsewhere in the repository.

A link such as `../benchmarks/README.md` is right where the file is read in the repository. On the site, it leads to the page with this text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from scripts.reference import pages

_ROOT = Path(__file__).parent.parent.parent

#: Files of the repository that are pages of the site: path in the repository -> path of the page.
ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
    "tests/README.md": "tests.md",
    "tests/samples/README.md": "samples.md",
    "examples/quickstart.py": "quickstart.md",
    "LICENSE": "license.md",
}

_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")


def page_of(path: str) -> str:
    """Return the page of the site that shows a file of the repository."""
    return ELSEWHERE.get(path) or path.removeprefix("docs/")


def with_links(text: str, path: str) -> str:
    """Return the text of a file with the links that the site needs. path: the file, in the repository."""
    here = posixpath.dirname(page_of(path))

    def changed(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[1]))
        return f"]({posixpath.relpath(page_of(target), here or '.')}{match[2] or ''})"

    return _LINK.sub(changed, text)


def _text(path: str) -> str:
    text = (_ROOT / path).read_text()
    if path.endswith(".md"):
        return with_links(text, path)
    language = "python" if path.endswith(".py") else "text"
    return f"# {path}\n\n```{language}\n{text}```\n"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages of the reference into the navigation."""
    config.nav = [_with_reference(entry) for entry in config.nav or []]
    return config


def _with_reference(entry: Any) -> Any:
    return {"Reference": pages.navigation()} if entry == {"Reference": pages.INDEX} else entry


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are not files in docs/."""
    added: Mapping[str, str] = {**{page: _text(path) for path, page in ELSEWHERE.items()}, **pages.pages()}
    for path, text in added.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Change the links of a page in docs/ that lead out of it."""
    is_file = page.file.abs_src_path is not None
    return with_links(markdown, f"docs/{page.file.src_uri}") if is_file else markdown
