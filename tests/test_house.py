"""The house keeps its floors, and its migrations build what the schema says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from newsletter.storage.database import HEAD, open_database, reading, version
from newsletter.storage.schema import metadata

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "newsletter").rglob("*.py"))


def test_the_migrations_build_exactly_the_schema(tmp_path: Path) -> None:
    """A store made by the migrations differs in nothing from the tables in schema.py."""
    engine = open_database(f"sqlite:///{tmp_path / 'new.db'}")
    with reading(engine) as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []
    assert version(engine) == HEAD
    engine.dispose()


def test_the_newest_migration_is_the_one_the_program_asks_for() -> None:
    """database.HEAD names the last file of migrations/versions."""
    found = sorted((ROOT / "newsletter/storage/migrations/versions").glob("[0-9]*.py"))
    assert found[-1].name.split("_")[0] == HEAD


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_function_fits_a_glance_and_a_file_a_few_screens(source: Path) -> None:
    """No function over 60 lines, no file over 400: past that a thing is two things."""
    text = source.read_text(encoding="utf-8")
    tree = ast.parse(text)
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and "versions" not in source.parts
        and (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert long == []
    assert "versions" in source.parts or text.count("\n") <= 400


def test_wings_read_no_clock() -> None:
    """`now` is an argument: outside the doors and the engine nobody asks what time it is."""
    doors = ("cli", "web", "preview", "demo", "engine.py", "app.py")
    asking = [
        str(source.relative_to(ROOT))
        for source in SOURCES
        if source.relative_to(ROOT / "newsletter").parts[0] not in doors
        and re.search(
            r"datetime\.now\(|time\.time\(|date\.today\(|utcnow\(", source.read_text(encoding="utf-8")
        )
    ]
    assert asking == []
