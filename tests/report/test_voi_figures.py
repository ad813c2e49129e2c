"""Figures of the value of information: complete, legible, the same each time."""

import re

import pytest
from figure_checks import one_line, texts
from test_figures import check_files, check_texts
from voi_cases import evppi_case, evsi_case

from nbsmodel.report.figures.all import OF_ANALYSES
from nbsmodel.report.figures.style import finish, house_style


def draw(name, case):
    with house_style():
        return OF_ANALYSES[name](*case)


def checked(name, case):
    """A figure that is legible, whose words hold no slip of a program, and whose files are sound."""
    sketch = draw(name, case)
    check_texts(sketch)
    assert sketch.title and sketch.caption.endswith(".") and sketch.alt.endswith(".") and len(sketch.alt) > 40
    assert not re.search(r"\bnan\b|\binf\b|None|\.000000", sketch.alt + sketch.caption)
    check_files(name, finish(name, sketch))
    return sketch, one_line(" ".join(text for text, _ in texts(sketch)))


def test_the_most_valuable_parameters():
    sketch, shown = checked("evppi", evppi_case())
    assert one_line("Care of children who sit, a year") in shown
    assert one_line("Nothing") not in shown  # worth nothing
    assert one_line("knowing everything (EVPI)") in shown
    assert "Costs 12.5 million" in sketch.alt
    first, second = sketch.figure.axes
    widths = [bar.get_width() for bar in first.patches]
    assert widths == pytest.approx([9.6, 7.2, 2.88, 0.24])
    assert [bar.get_width() for bar in second.patches] == pytest.approx([12.48])


def test_intervals_begin_at_0():
    sketch, _ = checked("evppi", evppi_case())
    ends = [line.get_xdata() for line in sketch.figure.axes[0].lines if len(line.get_xdata()) == 2]
    bars = [x for x in ends if x[0] != x[1]]
    assert min(x[0] for x in bars) == 0
    assert bars[0] == pytest.approx([9.6 - 1.96 * 0.48, 9.6 + 1.96 * 0.48])


def test_a_model_without_births():
    sketch, shown = checked("evppi", evppi_case("sumatriptan", populated=False))
    assert one_line("per patient") in shown and "births" not in sketch.caption


def test_nothing_to_draw():
    names = ("all", "costs_a", "costs_b", "share", "rate", "nothing", "costs")
    assert draw("evppi", evppi_case(**{n: {"evppi": 0.0} for n in names})) is None
    for name in ("evsi", "evsi_data"):
        assert draw(name, evppi_case()) is None
    scenario, tables = evsi_case(sizes=((1e5, 10.0),))
    assert draw("evsi", (scenario, tables)) is None
    single = tables["evsi"][tables["evsi"]["data"] == "all"]
    assert draw("evsi_data", (scenario, tables | {"evsi": single})) is None


def test_designs_by_size():
    sketch, shown = checked("evsi", evsi_case())
    for words in ("10 children followed", "150 children followed", "Births screened", "Net benefit of the study"):
        assert one_line(words) in shown
    left, right = sketch.figure.axes
    assert left.get_ylim()[0] == 0
    assert len(left.containers) == len(right.containers) == 3
    assert "highest" in sketch.alt and "100,000 births screened and 150 children followed" in sketch.alt


@pytest.mark.parametrize(
    "changes",
    [
        {"priced": False},
        {"populated": False, "priced": False},
        {"cost": 1e9},
        {"scale": 0.0},
        {"sizes": ((1e3, 10.0), (1e6, 10.0))},
        {"sizes": tuple((1e5 * b, 10.0 * c) for b in range(1, 8) for c in range(1, 7))},
        {"scale": 1e5},
    ],
)
def test_unusual_studies_stay_legible(changes):
    checked("evsi", evsi_case(**changes))
    checked("evsi_data", evsi_case(**changes))


def test_kinds_of_data():
    sketch, shown = checked("evsi_data", evsi_case())
    for words in ("All data of the study", "Care costs", "Cases among the births screened", "95% interval"):
        assert one_line(words) in shown
    pale, dark = (container for container in sketch.figure.axes[0].containers)
    for limit, value in zip(pale, dark, strict=True):
        assert value.get_width() <= limit.get_width() * 1.2
    assert "100,000 births screened and 150 children followed" in sketch.caption
