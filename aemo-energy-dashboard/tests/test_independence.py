"""What may import what."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "aemo_dashboard"
PURE = {"shared/formulas.py", "shared/theme.py", "shared/tables.py", "nemtime.py", "errors.py"}
PURE |= {"shared/charts/stack.py", "shared/charts/price_axis.py"}
INPUT_OUTPUT = {"duckdb", "panel", "fastapi", "uvicorn", "os", "pathlib", "socket", "requests"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_dashboard_does_not_import_the_updater() -> None:
    modules = list(SOURCE.rglob("*.py"))
    assert len(modules) > 20
    for path in modules:
        assert not [name for name in imports(path) if name.split(".")[0] == "aemo_updater"], path


def test_pure_modules_do_no_input_or_output() -> None:
    for name in PURE:
        assert not {module.split(".")[0] for module in imports(SOURCE / name)} & INPUT_OUTPUT, name


def test_pages_do_not_import_each_other_or_the_shell() -> None:
    for path in (SOURCE / "generation").glob("*.py"):
        assert not [name for name in imports(path) if name in {"aemo_dashboard.shell", "aemo_dashboard.app"}], path
