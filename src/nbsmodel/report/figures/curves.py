"""What figures over thresholds share: the axis, the thresholds of the analysis, a name beside each line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.fit import Ruler, line_height, spread
from nbsmodel.report.figures.style import FAINT, INK, NORMAL, SMALL, WIDTH, new_figure, plain_ticks
from nbsmodel.report.figures.words import effect_unit, number

LEFT, TOP, BOTTOM = 0.92, 0.28, 0.5
ASIDE, LEGEND = 0.12, 0.22


class CurvePanel:
    """One panel of lines over thresholds, as wide as the page.

    Parameters
    ----------
    scenario : Scenario
    last : float
        End of the axis.
    names : mapping of str to str
        Text beside each line, by its key.
    height : float
        Of the figure, in inches.
    right : float, optional
        Room on the right, in inches, beside the names.
    legend : bool
        Whether a legend stands below.
    """

    def __init__(
        self, scenario: Scenario, last: float, names: Mapping[str, str], height: float, right: float = 0.2,
        legend: bool = False,
    ) -> None:  # fmt: skip
        self.figure = new_figure(WIDTH, height)
        self.ruler, self.last = Ruler(self.figure), last
        self.texts = {key: self.ruler.wrap(name, NORMAL, 1.45) for key, name in names.items()}
        widest = max((self.ruler.width(t, NORMAL) for lines in self.texts.values() for t in lines), default=0.0)
        below = BOTTOM + (LEGEND if legend else 0)
        self.width, self.height = WIDTH - LEFT - right - widest, height - below - TOP
        box = (LEFT / WIDTH, below / height, self.width / WIDTH, self.height / height)
        self.axes = self.figure.add_axes(box)
        self.axes.set_xlim(0, last)
        plain_ticks(self.axes.xaxis)
        self.axes.set_xlabel(f"Threshold ({scenario.model.about['currency']} per {effect_unit(scenario)})")
        self._thresholds = sorted(scenario.settings.thresholds)

    def _mark(self) -> None:
        """Dotted lines at the thresholds, each with its number above where there is room."""
        taken = -1.0
        for threshold in self._thresholds:
            self.axes.axvline(threshold, color=FAINT, linewidth=0.6, linestyle=":", zorder=1)
            text = number(threshold)
            start = threshold / self.last * self.width - self.ruler.width(text, SMALL) / 2
            if start > taken:
                self.axes.text(threshold, 1.01, text, transform=self.axes.get_xaxis_transform(), ha="center",
                               va="bottom", fontsize=SMALL, color=INK)  # fmt: skip
                taken = start + self.ruler.width(text, SMALL) + 0.06

    def finish(self, ends: Mapping[str, float], colours: Mapping[str, Any]) -> None:
        """Mark the thresholds and write names beside the ends of lines, once the other axis has its limits.

        Parameters
        ----------
        ends : mapping of str to float
            Height at which each line ends.
        colours : mapping of str to colour
        """
        self._mark()
        low, high = self.axes.get_ylim()
        inches = self.height / (high - low)
        tallest = max((len(self.texts[key]) for key in ends), default=0) * line_height(NORMAL) / inches
        places = spread(list(ends.values()), tallest, low + tallest / 2, high - tallest / 2)
        aside = 1 + ASIDE / self.width
        for (key, end), y in zip(ends.items(), places, strict=True):
            pointer = {"arrowstyle": "-", "color": colours[key], "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0,
                       "relpos": (0, 0.5)}  # fmt: skip
            self.axes.annotate(
                "\n".join(self.texts[key]), (self.last, end), (aside, y), fontsize=NORMAL, va="center",
                textcoords=self.axes.get_yaxis_transform(), annotation_clip=False, arrowprops=pointer,
            )  # fmt: skip
