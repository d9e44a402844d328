"""Who is sending: a name for this process, and whether the process behind such a name can still be alive.

A name is `host boot namespace pid started`. The boot's id and the start time (Linux: /proc/<pid>/stat, field
22, see proc(5)) tell a process from a later one that was given the same number; the namespace tells
containers apart that share a host's name. What a system does not tell is written `-`: nothing is concluded from that.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from enum import Enum
from pathlib import Path

UNKNOWN = "-"
ENDED = "ended"
"""The start time of a process that is dead and only waits to be fetched by its parent."""


class Life(Enum):
    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"
    """On another host, or on a system that does not tell."""


def this_process() -> str:
    pid = os.getpid()
    return f"{_here()} {pid} {_started(pid)}"


def life_of(name: str) -> Life:
    """What can be known from here about the process with this name."""
    if name.count(" ") != 4:  # written by another version of this program
        return Life.UNKNOWN
    host, boot, namespace, pid, started = name.split(" ")
    here_host, here_boot, here_namespace = _here().split(" ")
    if host != here_host or UNKNOWN in (boot, here_boot):
        return Life.UNKNOWN
    if boot != here_boot:
        return Life.DEAD
    if namespace != here_namespace:
        return Life.UNKNOWN
    if (now := _started(int(pid))) != UNKNOWN:
        return Life.ALIVE if now == started else Life.DEAD
    return Life.UNKNOWN if _is_there(int(pid)) else Life.DEAD


def _here() -> str:
    return f"{'_'.join(socket.gethostname().split()) or UNKNOWN} {_boot()} {_namespace()}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return UNKNOWN


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return UNKNOWN


def _started(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return UNKNOWN
    # The second field is the program's name in brackets, which may hold blanks and brackets itself.
    state, *rest = stat.rpartition(")")[2].split()
    return ENDED if state in "ZX" else rest[18]


def _is_there(pid: int) -> bool:
    """Where /proc hides other users' processes, a signal that is none still tells."""
    with suppress(PermissionError):  # it is another user's
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
