"""`make bench`: every benchmark of this folder, or those named. Each module's `main()` prints its table and
returns 0 when its target holds, 1 when it does not."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path


def run(names: list[str]) -> int:
    found = sorted(
        m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if not m.name.startswith("_")
    )
    failed = []
    for name in names or found:
        print(f"\n== {name}", flush=True)
        module = importlib.import_module(f"benchmarks.{name}")
        if hasattr(module, "main") and module.main():
            failed.append(name)
    print(f"\nMissed their target: {', '.join(failed)}" if failed else "\nAll targets hold.")
    return bool(failed)


sys.exit(run(sys.argv[1:]))
