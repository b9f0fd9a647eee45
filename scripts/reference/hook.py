"""What mkdocs calls while it builds the site: it adds the generated pages, and the pages that are elsewhere in the repository."""

from __future__ import annotations

import re
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from scripts.reference import pages
from scripts.reference.repository_files import ELSEWHERE, page_text, with_links


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages of the reference into the navigation."""
    config.nav = [{"Reference": pages.navigation()} if entry == {"Reference": pages.INDEX} else entry for entry in config.nav or []]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are not files in docs/."""
    for path, text in {**{page: page_text(path) for path, page in ELSEWHERE.items()}, **pages.pages()}.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Change the links of a page in docs/ that lead out of it."""
    is_file = page.file.abs_src_path is not None
    return with_links(markdown, f"docs/{page.file.src_uri}") if is_file else markdown


def on_page_content(html: str, **_: Any) -> str:
    """Give each cell of a table the heading of its column: in a narrow window, the rows are shown as lists. Let long code in it break."""
    return re.sub(r"<table>.*?</table>", lambda match: _breakable(_with_labels(match[0])), html, flags=re.DOTALL)


def _breakable(table: str) -> str:
    """Return a table in which code may break after a slash or an underscore."""
    return re.sub(r"(?<=<code>)[^<]+(?=</code>)", lambda match: re.sub(r"[/_]", r"\g<0><wbr>", match[0]), table)


def _with_labels(table: str) -> str:
    headings = [re.sub(r"<[^>]+>", "", heading).replace('"', "&quot;") for heading in re.findall(r"<th[^>]*>(.*?)</th>", table)]

    def row(match: re.Match[str]) -> str:
        labels = iter(headings)
        return re.sub(r"<td", lambda _cell: f'<td data-label="{next(labels, "")}"', match[0])

    return re.sub(r"<tr>.*?</tr>", row, table, flags=re.DOTALL)
