"""Following the files: every save of the issue, of a template or of the settings, within a blink; and its seal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from newsletter.config import FILE_NAME, Site


def follow(site: Site, issue: Path, seal: Path, on_change: Callable[[set[Path]], None]) -> threading.Event:
    """Call `on_change` with the paths saved, from threads of its own, until the returned event is set."""
    stop, followed = threading.Event(), threading.Event()
    exact = {site.root / FILE_NAME, issue, seal}

    def files(paths: Iterable[Path]) -> set[Path]:
        return {path for path in paths if path in exact} | follow_templates()

    def follow_templates() -> set[Path]:
        if followed.is_set() or not site.templates.is_dir():
            return set()
        followed.set()
        _watch({site.templates}, templates, on_change, stop, recursive=True)
        return {site.templates}  # what was put into a new folder before we looked counts as saved

    def templates(paths: Iterable[Path]) -> set[Path]:
        return {path for path in paths if not path.name.startswith(".") and not path.name.endswith("~")}

    follow_templates()
    # Folders, not files: most editors save by putting another file in the old one's place.
    _watch({site.root, issue.parent}, files, on_change, stop, recursive=False)
    return stop


def _watch(
    folders: set[Path],
    wanted: Callable[[Iterable[Path]], set[Path]],
    on_change: Callable[[set[Path]], None],
    stop: threading.Event,
    *,
    recursive: bool,
) -> None:
    from watchfiles import watch

    def run() -> None:
        # step: how long it must be quiet, in ms, before a save counts as finished; debounce: at the latest.
        for changes in watch(
            *folders, watch_filter=None, debounce=120, step=8, recursive=recursive, stop_event=stop
        ):
            if paths := wanted(Path(path) for _, path in changes):
                on_change(paths)

    threading.Thread(target=run, name="watching for saves", daemon=True).start()
