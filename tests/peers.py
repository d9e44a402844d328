"""Programs that others wrote to stand in for a provider: fetched once by npm, kept beside the environment."""

from __future__ import annotations

import fcntl
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

KEPT = Path(sys.prefix) / "peers"


def node_peer(package: str, version: str, *, node: int = 20) -> Path:
    """Where the package is; skips the test where it cannot be had."""
    _need_node(package, node)
    place = KEPT / f"{package}-{version}"
    KEPT.mkdir(exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "ready").exists():
            _install(package, version, place)
    return place / "node_modules" / package


def _need_node(package: str, at_least: int) -> None:
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip(f"{package} needs Node.js, which is not here")
    found = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(found.lstrip("v").partition(".")[0]) < at_least:
        pytest.skip(f"{package} is meant for Node.js {at_least} and newer; this is {found.strip()}")


def _install(package: str, version: str, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / "package.json").write_text("{}")
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", f"{package}@{version}"]
    try:
        subprocess.run(command, cwd=place, capture_output=True, check=True, timeout=180)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"{package} cannot be fetched: {error}")
    (place / "ready").touch()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def running(*command: str, port: int) -> Iterator[str]:
    """The program while it answers on a port of this machine; yields its address."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            assert process.poll() is None, f"{command[0]} ended"
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
