"""`newsletter serve` as a process: its post works, it ends when told to, and a forked server has one as well."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from web_site import SETTINGS, wait_until

from newsletter.app import make_app


@contextmanager
def serving(site: Path, *, workers: int = 2) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    site.mkdir()
    (site / "newsletter.toml").write_text(SETTINGS.replace("{base}", base) + "min_fill_seconds = 0\n")
    command = [sys.executable, "-m", "newsletter", "--site", str(site), "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--workers", str(workers)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        wait_until(lambda: answers(f"{base}/readyz"), 30)
        yield process, base
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def answers(url: str, data: bytes | None = None) -> bool:
    try:
        with urllib.request.urlopen(url, data, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def test_the_service_sends_its_mails_and_ends_when_told_to(tmp_path: Path):
    """Two processes on one store; after SIGTERM it is over within seconds, and the log holds no address."""
    with serving(tmp_path / "site") as (process, base):
        for number in range(8):
            assert answers(f"{base}/subscribe", f"email=reader{number}@example.org".encode())
        wait_until(lambda: len(list((tmp_path / "site/outbox").rglob("*.eml"))) == 8, 30)
        process.send_signal(signal.SIGTERM)
        written, _ = process.communicate(timeout=20)
        assert b'"route": "/subscribe", "status": 200' in written
        assert b"example.org" not in written
    assert set(make_app(tmp_path / "site").readers.iter_all())


def test_who_tries_it_on_their_own_machine_hears_how():
    """Under a name that is not its own it does not answer; where it does, nothing is said."""
    from newsletter.cli.serve import how_to_look

    hint = how_to_look("https://letters.example.org/weekly", "127.0.0.1", 8000)
    assert hint is not None
    assert 'public_url = "http://127.0.0.1:8000"' in hint
    assert how_to_look("http://127.0.0.1:8000", "127.0.0.1", 8000) is None


FORKED = """
import os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from newsletter.app import make_app
from newsletter.web import make_web

web = make_web(make_app(Path(sys.argv[1])))
worker = web.extensions["desk"].worker
assert worker.works
child = os.fork()
if not child:
    assert not worker.works
    answer = web.test_client().post("/subscribe", data={"email": "a@example.org"}, base_url=sys.argv[2])
    os._exit(0 if answer.status_code == 200 and worker.works else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_server_that_forks_has_a_post_in_each_process(tmp_path: Path):
    """gunicorn with --preload loads the service once and forks: the thread does not come along."""
    (tmp_path / "newsletter.toml").write_text(SETTINGS.replace("{base}", "http://127.0.0.1:8000"))
    command = [sys.executable, "-W", "ignore", "-c", FORKED, str(tmp_path), "http://127.0.0.1:8000"]
    assert subprocess.run(command, timeout=60).returncode == 0
