"""Reports in Python: data first, rendered when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.reporting import format_of, renderer
from shapeflow.reporting.output import save
from shapeflow.reporting.view.build import build

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
    from shapeflow.reporting.view.model import ReportView
    from shapeflow.walkthrough.verdict import CheckResult


class Report:
    """A report as data.

    Args:
        view: what it says.
    """

    def __init__(self, view: ReportView) -> None:
        self.view = view

    def render(self, form: str = "html") -> str:
        """Return the report in a format: ``html``, ``markdown``, ``terminal``, ``json`` or an added one.

        Raises:
            InputError: there is no such format.
        """
        return renderer(form)(self.view)

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the report in the format that the name ends in, and return the path.

        Args:
            path: ``NAME.html``, ``NAME.md``, ``NAME.json`` or ``NAME.txt``.
            force: replace a file that shapeflow did not make.

        Raises:
            InputError: another file is there, or it cannot be written.
        """
        text = self.render(format_of(Path(path)))
        return save(Path(path), text.encode("utf-8", errors="replace"), force=force)


def report(trace: Trace, result: CheckResult | None = None, *, language: str = "en") -> Report:
    """Return the report of a run.

    Args:
        trace: the run.
        result: the verdicts of a walkthrough, which the report then follows; None: it has a section a stage.
        language: of the interface words, ``en`` or ``zh``.
    """
    return Report(build(trace, result, language=language))
