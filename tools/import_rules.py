"""Which part of the project may import which. Arrows go down only:

    action, modules  ->  flows, clients  ->  core  ->  the standard library

Flows and clients never import each other; service and plugins never import each other; nothing that ships imports the
sandbox, the demo or the tools. Only the demo, which runs in the sandbox, imports it.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

COLLECTION = ("ansible_collections", "fastbreak", "aws")
OURS = {"plugins", "service", "fastbreak_service", "sandbox", "demo", "tools", "tests"}


@dataclass(frozen=True)
class Part:
    """A part of the project, by the folder it lies in, and the parts that it may import besides itself.

    `only_stdlib`: it imports nothing that is not Python's own or one of the parts it may import.
    `apart`: its files do not import each other, since each is sent to a target by itself.
    """

    folder: str
    may_import: tuple[str, ...]
    only_stdlib: bool = False
    apart: bool = False


UTILS = "plugins/module_utils"
ERRORS, CORE, FLOWS, CLIENTS = f"{UTILS}/_errors.py", f"{UTILS}/_core", f"{UTILS}/_flows", f"{UTILS}/_clients"
PARTS = (
    Part(ERRORS, (), only_stdlib=True),
    Part(CORE, (ERRORS,), only_stdlib=True),
    Part(FLOWS, (CORE, ERRORS), only_stdlib=True),
    Part(CLIENTS, (CORE, ERRORS)),
    Part(UTILS, ()),
    Part("plugins/modules", (CORE, FLOWS, CLIENTS, ERRORS), apart=True),
    Part("plugins/plugin_utils", (CORE, FLOWS, CLIENTS, ERRORS)),
    Part("plugins/action", (CORE, FLOWS, CLIENTS, ERRORS, "plugins/modules", "plugins/plugin_utils")),
    Part("plugins", ()),
    Part("service", ("fastbreak_service",)),
    Part("sandbox", ()),
    Part("demo", ("sandbox",)),
    Part("tools", ()),
)


def part_of(path: str) -> Part | None:
    """The most particular part that a file, or an imported module written as a path, belongs to."""
    for part in PARTS:
        name = part.folder.removesuffix(".py")
        if path in {part.folder, name} or path.startswith(f"{name}/"):
            return part
    return None


def imported(path: PurePosixPath, source: str) -> Iterator[tuple[int, str]]:
    """Each import of a file: its line, and the module as a dotted name; relative ones are made absolute."""
    for node in ast.walk(ast.parse(source, str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = path.parts[: -node.level] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else ())))
            # `from package import module` names a module too; a name in a module does no harm.
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def as_path(module: str) -> str:
    """An imported module as a path in the clone, whatever name it is imported by."""
    words = tuple(module.split("."))
    if words[: len(COLLECTION)] == COLLECTION:
        words = words[len(COLLECTION) :]
    return "/".join(words)


def violations(path: PurePosixPath, source: str) -> list[str]:
    """What a file imports and may not."""
    part = part_of(str(path))
    if part is None:
        return []
    return [
        f"{path}:{line}: {part.folder} may not import {module}"
        for line, module in imported(path, source)
        if not allowed(part, as_path(module))
    ]


def allowed(part: Part, module: str) -> bool:
    top = PurePosixPath(module).parts[0]
    if top in part.may_import:
        return True
    if top not in OURS:
        return not part.only_stdlib or top in sys.stdlib_module_names
    target = part_of(module)
    return target is not None and (target.folder in part.may_import or (target == part and not part.apart))


def long_functions(path: PurePosixPath, source: str, limit: int) -> list[str]:
    """Functions with more than `limit` lines, from `def` to their last line."""
    return [
        f"{path}:{node.lineno}: {node.name} has {length} lines, {limit} are allowed"
        for node in ast.walk(ast.parse(source, str(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > limit
    ]


def cycles(folder: Path) -> list[str]:
    """Import cycles among the modules of a package's folder, each as `a -> b -> a`."""
    names = {file.stem: file for file in folder.glob("*.py") if file.stem != "__init__"}
    edges = {name: sorted(_neighbours(folder, file) & names.keys()) for name, file in names.items()}
    found: list[str] = []
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            found.append(" -> ".join((*trail[trail.index(name) :], name)))
            return
        if name not in done:
            for following in edges[name]:
                walk(following, (*trail, name))
            done.add(name)

    for name in sorted(names):
        walk(name, ())
    return found


def _neighbours(folder: Path, file: Path) -> set[str]:
    """Siblings that a module imports when it is loaded; what only a type checker reads makes no cycle."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = [ast.Pass()]
    path = PurePosixPath(folder.name) / file.name
    modules = (as_path(module) for _line, module in imported(path, ast.unparse(tree)))
    return {module.split(f"{folder.name}/", 1)[1].split("/")[0] for module in modules if f"{folder.name}/" in module}
