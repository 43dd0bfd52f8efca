"""Findings in a plugin's code: what it must not import, what holds up the event loop, and shells."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from castcore_core.plugins.review.material import Material
from castcore_sdk import CheckResult, Severity

_FORBIDDEN = ("castcore_core", "castcore_webui")
_BLOCKING = frozenset(
    {
        *("open", "input", "time.sleep", "sqlite3.connect", "os.wait", "os.waitpid"),
        *("os.listdir", "os.scandir", "os.walk", "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree"),
        *("shutil.move", "shutil.rmtree", "shutil.which", "shutil.unpack_archive", "shutil.make_archive"),
        *("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output"),
        *("subprocess.getoutput", "subprocess.getstatusoutput", "os.system", "os.popen"),
        *("socket.create_connection", "socket.getaddrinfo", "socket.gethostbyname", "socket.getfqdn"),
    }
)
_BLOCKING_LIBRARIES = (
    *("requests", "urllib.request", "urllib3", "http.client", "ftplib", "smtplib", "imaplib", "poplib", "boto3"),
    *("botocore", "paramiko", "smbclient", "libnfs", "psycopg2", "pymysql"),
)
"""Every call into these waits."""
_BLOCKING_METHODS = frozenset({"read_text", "write_text", "read_bytes", "write_bytes"})
"""Of `pathlib.Path`; where they are awaited they are somebody else's."""
_SHELLS = frozenset({"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"})


def code_findings(material: Material) -> Iterator[CheckResult]:
    """Yield findings ``plugins.code_imports_core``, ``plugins.code_blocks`` and ``plugins.code_shell``."""
    for file, tree in material.modules.items():
        names = _names(tree)
        yield from _imports(material, file, tree)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if _is_shell(call, _dotted(call.func, names)):
                yield material.finding("plugins.code_shell", Severity.ERROR, file, call.lineno)
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)):
            for call in _waiting(function):
                if found := _blocking(call, names):
                    yield material.finding(
                        "plugins.code_blocks", Severity.ERROR, file, call.lineno, call=found, function=function.name
                    )


def _imports(material: Material, file: Path, tree: ast.Module) -> Iterator[CheckResult]:
    for node in ast.walk(tree):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [node.module or ""]
        if isinstance(node, ast.Call) and node.args and _dotted(node.func, {}) in _IMPORTERS:
            first = node.args[0]
            modules = [first.value] if isinstance(first, ast.Constant) and isinstance(first.value, str) else []
        for module in modules:
            if module.partition(".")[0] in _FORBIDDEN:
                line = getattr(node, "lineno", 0)
                yield material.finding("plugins.code_imports_core", Severity.ERROR, file, line, module=module)


_IMPORTERS = frozenset({"__import__", "import_module", "importlib.import_module"})


def _names(tree: ast.Module) -> Mapping[str, str]:
    """Return what imported names stand for: ``sleep`` → ``time.sleep``."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    """Return the full name of what is called; empty where it is no plain name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def _waiting(function: ast.AsyncFunctionDef) -> Iterator[ast.Call]:
    """Yield the calls that run in the event loop: not those of inner functions, and not what is awaited."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            children = list(ast.iter_child_nodes(node.value))
        elif isinstance(node, ast.Call):
            yield node
        waiting += children


def _blocking(call: ast.Call, names: Mapping[str, str]) -> str:
    """Return the name of a call that waits; empty for every other."""
    name = _dotted(call.func, names)
    if name in _BLOCKING or name.startswith(tuple(f"{library}." for library in _BLOCKING_LIBRARIES)):
        return name
    if isinstance(call.func, ast.Attribute) and call.func.attr in _BLOCKING_METHODS:
        return call.func.attr
    return ""


def _is_shell(call: ast.Call, name: str) -> bool:
    asked = any(
        keyword.arg == "shell" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        for keyword in call.keywords
    )
    return asked or name in _SHELLS or name == "asyncio.create_subprocess_shell"
