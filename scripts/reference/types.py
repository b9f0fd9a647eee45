"""The pages about the types: a TypedDict for each object of the API with its members, and the aliases."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

from scripts.reference.docstrings import prose, read_doc
from scripts.reference.markdown import Linker, heading, signature_block
from scripts.reference.signatures import Parameter, annotation

_ROOT = Path(__file__).parent.parent.parent
_FOLDER = _ROOT / "consul_proto" / "types"

#: The options of calls are shown at the calls.
_NOT_SHOWN = frozenset({"__init__", "options"})

#: The files whose aliases users meet in signatures.
_ALIASES = (
    "consul_proto/codec.py",
    "consul_proto/durations.py",
    "consul_proto/query.py",
    "consul_proto/raw_request.py",
    "consul_proto/json_decoder.py",
    "consul_proto/flow.py",
    "consulate/snapshot_files.py",
    "consul_proto/endpoints/health.py",
    "consul_proto/simulator/engine/versions.py",
    "consulate/testing/agent.py",
)


@dataclass(frozen=True)
class Module:
    """A file with types: its page, the first sentence of its docstring, and its text."""

    name: str
    title: str
    source: str

    @property
    def page(self) -> str:
        """The path of its page."""
        return f"reference/types/{self.name}.md"

    @property
    def names(self) -> list[str]:
        """The names of its types."""
        return [_name(node) for node in ast.parse(self.source).body if _is_type(node)]


def modules() -> list[Module]:
    """Return the files with types."""
    found = []
    for path in sorted(_FOLDER.glob("*.py")):
        if path.stem in _NOT_SHOWN:
            continue
        source = path.read_text()
        title = re.split(r"(?<=\.)\s|\.?$", (ast.get_docstring(ast.parse(source)) or path.stem), maxsplit=1)[0].removesuffix(".")
        found.append(Module(path.stem, title, source))
    return found


def _is_alias(node: ast.stmt) -> bool:
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.annotation) == "TypeAlias"
    return isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Literal[")


def _is_type(node: ast.stmt) -> bool:
    """Return whether a statement defines a type that has a place of its own: options are shown at their calls."""
    return (isinstance(node, ast.ClassDef) or _is_alias(node)) and not _name(node).startswith("_") and not _name(node).endswith("Options")


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.ClassDef):
        return node.name
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
    return ast.unparse(target) if target else ""


def module_page(module: Module, linker: Linker) -> str:
    """Return the page of a file with types."""
    lines = [f"# {module.title}", ""]
    comments = _comments(module.source)
    for node in ast.parse(module.source).body:
        if _is_type(node):
            lines += _typed_dict(node, comments, linker) if isinstance(node, ast.ClassDef) else _alias(node, comments)
    return "\n".join(lines)


def _comments(source: str) -> dict[int, str]:
    """Return line -> the comment on it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    found = {token.start[0]: token.string.lstrip("#: ").strip() for token in tokens if token.type == tokenize.COMMENT}
    return {line: comment for line, comment in found.items() if not comment.startswith(("noqa", "type: ignore"))}


def _typed_dict(node: ast.ClassDef, comments: dict[int, str], linker: Linker) -> list[str]:
    members = [member for member in node.body if isinstance(member, ast.AnnAssign)]
    doc = read_doc(ast.get_docstring(node), [ast.unparse(member.target) for member in members])
    lines = [heading(2, node.name, node.name.lower()), "", *(line for text in doc.text for line in (text, ""))]
    bases = [ast.unparse(base) for base in node.bases if ast.unparse(base).partition("[")[0] not in ("TypedDict", "Protocol", "Generic")]
    lines += [f"It also has the members of {' and '.join(map(linker.type, bases))}.", ""] if bases else []
    is_total = not any(keyword.arg == "total" for keyword in node.keywords)
    for member in members:
        name, kind = ast.unparse(member.target), ast.unparse(member.annotation)
        required, _, inner = kind.partition("[")
        is_optional = required == "NotRequired" or (not is_total and required != "Required")
        kind = inner.removesuffix("]") if required in ("NotRequired", "Required") else kind
        meaning = doc.meanings.get(name) or prose(comments.get(member.end_lineno or 0, ""))
        notes = "; ".join(filter(None, ["optional" if is_optional else "", meaning]))
        lines.append(f"- {linker.parameter(Parameter(name, annotation(kind), '', ''))}{': ' + notes if notes else ''}")
    return [*lines, ""]


def _alias(node: ast.stmt, comments: dict[int, str]) -> list[str]:
    assert isinstance(node, ast.AnnAssign | ast.Assign)
    said, line = "", node.lineno - 1
    while line in comments:
        said, line = f"{comments[line]} {said}".strip(), line - 1
    value = annotation(ast.unparse(node.value)) if node.value else ""
    name = _name(node)
    return [heading(2, name, name.lower()), "", *([prose(said), ""] if said else []), signature_block(f"{name} = {value}"), ""]


ALIASES_PAGE = "reference/types/index.md"


def _aliases() -> list[tuple[ast.stmt, dict[int, str]]]:
    found = []
    for path in _ALIASES:
        source = (_ROOT / path).read_text()
        found += [(node, _comments(source)) for node in ast.parse(source).body if _is_alias(node) and _is_type(node)]
    return found


def alias_names() -> list[str]:
    """Return the names of the aliases."""
    return [_name(node) for node, _ in _aliases()]


_OVERVIEW = """\
# Types

Results are plain dicts and lists. Their members have Consul's own names; type checkers know them. *Optional* members may be missing.
These pages list them:

{pages}

The other names in signatures mean:

"""


def aliases_page() -> str:
    """Return the page with the aliases, and the list of the pages about types."""
    listed = [f"- [{module.title}]({module.name}.md)" for module in modules()]
    lines = [line for node, comments in _aliases() for line in _alias(node, comments)]
    return _OVERVIEW.format(pages="\n".join(listed)) + "\n".join(lines)
