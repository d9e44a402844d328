"""Finding templates, and explaining mistakes in them: the site's own first, then the default look."""

from __future__ import annotations

import difflib
import re
import textwrap
import traceback
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from newsletter.errors import TemplateError
from newsletter.render.clean import Address, clean

_PLAIN = (".txt.j2", ".txt", ".css.j2", ".css")
_PACKAGE = Path(__file__).parent.parent


def default_templates() -> Path:
    """The default look: inside the installed package, or beside it in a source checkout."""
    shipped = _PACKAGE / "default_templates"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "templates"


def environment(templates: Path | None) -> jinja2.Environment:
    """Templates from the site's own folder, if it has one, then the default look, file by file.

    Unknown names are errors; each value that is not yet markup is cleaned, and escaped but in plain text.
    """
    folders = [folder for folder in (templates, default_templates()) if folder and folder.is_dir()]
    env = jinja2.Environment(
        loader=_Folders(folders),
        bytecode_cache=_compiled(),
        undefined=_Unknown,
        autoescape=_escapes,  # noqa: S701 - all but plain text
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters["wrapped"] = wrapped
    env.filters["weekday"] = weekday
    return env


class _Folders(jinja2.FileSystemLoader):
    """Says which file it is that cannot be read; jinja2 would only say that some byte is wrong."""

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            paths = (Path(folder) / template for folder in self.searchpath)
            raise TemplateError(
                f"is not UTF-8 (byte 0x{error.object[error.start]:02x})",
                where=next((str(path) for path in paths if path.is_file()), template),
                hint="Save it as UTF-8.",
            ) from None


def _compiled() -> jinja2.BytecodeCache | None:
    """Templates as compiled before, in a folder of this user's alone: a third of a short command's own work.

    Each is kept with a hash of its source, so what changed is compiled anew.
    """
    try:
        return jinja2.FileSystemBytecodeCache()
    except (OSError, RuntimeError):
        return None  # nowhere to keep them: they are compiled each time


def _escapes(name: str | None) -> bool:
    """jinja2.select_autoescape does not know .mjml.j2. Only plain text and style sheets stay as they are."""
    return not (name or "").endswith(_PLAIN)


def _finalize(value: Any) -> Any:
    if isinstance(value, Markup | Address | jinja2.Undefined):
        return value
    return "" if value is None else clean(str(value))


def wrapped(text: str, width: int = 72, indent: str = "") -> str:
    """Paragraphs folded at `width`. Words, and so addresses, stay whole; quotes and lists keep their form."""
    return "\n".join(_fold(line, width, indent) for line in text.split("\n"))


def _fold(line: str, width: int, indent: str) -> str:
    hang = re.match(r"\s*(?:> |- |\d+\. )*", line)
    assert hang is not None
    following = indent + re.sub(r"[^> ]", " ", hang[0])
    return textwrap.fill(
        line,
        width,
        initial_indent=indent,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )


def weekday(day: date) -> int:
    """0 is Monday: names of days and months are words of the templates, not of this machine's locale."""
    return day.weekday()


class _Unknown(jinja2.StrictUndefined):
    """A name nobody gave a value, with the nearest one there is."""

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        if self._undefined_obj is jinja2.utils.missing:
            return f"{name!r} is not known here"
        known = [one for one in _names_of(self._undefined_obj) if not one.startswith("_")]
        return f"there is no {name!r} here{_nearest(name, known)}"


def _names_of(value: Any) -> list[str]:
    return [str(key) for key in value] if isinstance(value, dict) else dir(value)


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def render(env: jinja2.Environment, name: str, context: dict[str, Any]) -> str:
    """The template `name` filled from `context`. Raises TemplateError with file, line and a hint."""
    try:
        return env.get_template(name).render(context)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(
            f"is not a valid template: {error.message}",
            where=f"{error.filename or error.name}:{error.lineno}",
            hint="See https://jinja.palletsprojects.com/templates/ for what is.",
        ) from None
    except jinja2.TemplateNotFound as error:
        raise TemplateError(
            f"there is no template {error.name!r}",
            where=_place(error) or name,
            hint="Put it into the site's templates/ folder.",
        ) from None
    except jinja2.UndefinedError as error:
        raise _unknown_name(error, env, name, context) from None
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
        raise TemplateError(
            f"cannot be filled: {error or type(error).__name__}", where=_place(error) or name
        ) from None


def _unknown_name(
    error: jinja2.UndefinedError, env: jinja2.Environment, name: str, context: dict[str, Any]
) -> TemplateError:
    what, _, hint = (error.message or "").partition("; ")
    if missing := re.match(r"'(.*)' is not known here", what):
        hint = _nearest(missing[1], {*context, *env.globals}).removeprefix("; ")
    return TemplateError(
        what,
        where=_place(error) or name,
        hint=(hint[:1].upper() + hint[1:]) or "See docs/templates.md for the names there are.",
    )


def _place(error: BaseException) -> str | None:
    """`file:line` of the innermost template line that was running; jinja2 writes it into the traceback."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.endswith(".j2"):
            return f"{frame.filename}:{frame.lineno}"
    return None
