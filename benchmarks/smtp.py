"""How fast an issue goes out by SMTP: mails of 60 KB to Postfix's `smtp-sink`, over as many connections at once.

Beside it `smtp-source`, Postfix's own load generator, which sends the same bytes again and again over the same number
of connections to the same sink. Ours is the whole path: each call's attempt is written before it and recorded after
it, each mail is filled with its reader's own links. The two take turns; what DKIM costs is told apart.
"""

from __future__ import annotations

import multiprocessing
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks import ledger
from newsletter.config import Provider, parse_config
from newsletter.links import Links
from newsletter.providers import make_provider
from newsletter.sending import Sending
from newsletter.storage.database import open_database

SHARE = 0.7
CONNECTIONS = 8
MAILS = 10_000
MAIL_BYTES = 60_000
ROUNDS = 3
PATH = "/usr/sbin:/usr/lib/postfix/sbin:/usr/bin"
KEY_BITS = 2048


def main() -> int:
    if not (sink := shutil.which("smtp-sink", path=PATH)) or not shutil.which("smtp-source", path=PATH):
        print("smtp-sink and smtp-source are not here (apt-get install postfix): nothing was measured")
        return 0
    with sink_at(sink) as port:
        ours, theirs, cpu = [], [], []
        for _ in range(ROUNDS):
            theirs.append(smtp_source(port))
            rate, spent = _apart(port, signed=False)
            ours.append(rate)
            cpu.append(spent)
        signed_rate, signed_cpu = _apart(port, signed=True)
    ratio = median(ours) / median(theirs)
    print(f"  smtp-source, {CONNECTIONS} connections   {median(theirs):7.0f} mails/s")
    print(f"  newsletter, unsigned         {median(ours):7.0f} mails/s  ratio {ratio:.2f}, target {SHARE}")
    print(f"  newsletter, signed (DKIM)    {signed_rate:7.0f} mails/s")
    print(f"  CPU a mail: {median(cpu):.2f} ms unsigned, {signed_cpu:.2f} ms signed")
    return int(ratio < SHARE)


@contextmanager
def sink_at(program: str) -> Iterator[int]:
    """A mail server that takes everything and keeps nothing, while the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    sink = subprocess.Popen([program, "-u", "nobody", f"127.0.0.1:{port}", "256"], stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        sink.terminate()
        sink.wait()


def smtp_source(port: int) -> float:
    """Mails a second; each connection is used until all are sent."""
    command = ["smtp-source", "-d", "-s", str(CONNECTIONS), "-m", str(MAILS), "-l", str(MAIL_BYTES)]
    begun = time.perf_counter()
    subprocess.run([*command, f"127.0.0.1:{port}"], env={"PATH": PATH}, check=True)
    return MAILS / (time.perf_counter() - begun)


def _apart(port: int, *, signed: bool) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder, multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(sending, (Path(folder), port, signed))


def sending(folder: Path, port: int, signed: bool) -> tuple[float, float]:
    """Mails a second, and milliseconds of CPU a mail."""
    store = open_database(f"sqlite:///{folder / 'readers.db'}")
    ledger.add_readers(store, MAILS)
    options = {"host": "127.0.0.1", "port": port, "security": "none"}
    if signed:
        options |= {"dkim_domain": "example.org", "dkim_selector": "s", "dkim_key_file": str(_key(folder))}
    provider = make_provider(Provider(name="smtp", **options), folder)  # type: ignore[arg-type]
    ledger.publish_issue(store, page=MAIL_BYTES - 6_000, batch=provider.max_batch)
    links = Links(["a key for the benchmark only"], "https://letters.example.org")
    settings = parse_config(f"{ledger.SETTINGS}\n[sending]\nconcurrency = {CONNECTIONS}\n")
    desk = Sending(store, settings, lambda: links, lambda: provider)
    wall, cpu = time.perf_counter(), time.process_time()
    report = desk.send(ledger.SLUG, ledger.NOW)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert report.sent == MAILS, report
    store.dispose()
    return MAILS / wall, cpu / MAILS * 1000


def _key(folder: Path) -> Path:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    path = folder / "dkim.pem"
    path.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


if __name__ == "__main__":
    sys.exit(main())
