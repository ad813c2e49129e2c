"""Models with closed forms, for the tests of the deterministic analyses; no cohort, so that a run is arithmetic."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from helpers import write_files

MODEL = """\
    title: Closed forms
    condition: None
    decision_problem: One, two or nothing
    population: Nobody
    perspective: None
    currency: GBP
    price_year: 2024/25
    basis: birth
    strategies:
      usual: {label: Usual care,  one: 0, two: 0}
      first: {label: First drug,  one: 1, two: 0}
      both:  {label: Both drugs, one: 1, two: 1}
    comparator: usual
    choices:
      shape: [smooth, step]
    derived:
      net_one: c_one * (1 - discount_one)
      net_two: c_two * (1 - discount_two)
      u_half: {value: u_gain / 2, unit: utility}
      curve: {value: (z - 2) * (z - 5), unit: number}
      jump: {value: (1 if z >= 4 else -1), unit: number}
      bend: {value: (curve if shape == smooth else jump), unit: number}
    tree:
      a:
        p: p_a
        payoffs:
          - {outcome: cost, value: one * net_one + two * net_two * (1 - share_saved) + one * c_fixed}
          - {outcome: qaly, value: one * u_gain + two * u_half}
      b:
        p: p_b
        payoffs:
          - {outcome: qaly, value: one * 0.1}
      c:
        p: rest
        payoffs:
          - {outcome: cost, value: one * 1000 * bend * use_bend}
    settings:
      discount_rate_costs: 0
      discount_rate_outcomes: 0
      thresholds: [20000, 30000]
"""

PARAMETERS = """\
    name,label,value,unit,distribution,source,status,price_year,note
    c_one,First drug,8000,GBP,"gamma(mean=8000, se=800)",smith,published,2024/25,
    c_two,Second drug,3000,GBP,,smith,published,2024/25,
    c_fixed,Clinic,500,GBP,"lognormal(mean=500, se=50)",smith,published,2024/25,
    discount_one,Discount on the first drug,0,probability,,smith,assumption,,
    discount_two,Discount on the second drug,0,probability,,smith,assumption,,
    share_saved,Share saved,0.1,probability,"beta(mean=0.1, se=0.02)",smith,published,,
    u_gain,Utility gained,0.95,utility,"normal(mean=0.95, se=0.1)",smith,published,,
    p_a,Group a,0.5,probability,"dirichlet(group=mix, count=50)",smith,published,,
    p_b,Group b,0.3,probability,"dirichlet(group=mix, count=30)",smith,published,,
    p_c,Group c,0.2,probability,"dirichlet(group=mix, count=20)",smith,published,,
    z,Dose,3,number,,smith,assumption,,
    use_bend,Whether the curve counts,0,number,,smith,assumption,,
"""

FILES = {
    "model/model.yaml": dedent(MODEL),
    "model/parameters.csv": dedent(PARAMETERS),
    "model/sources.yaml": 'smith: {citation: "Smith 2020"}\n',
}


def write_points(folder: Path, analyses: str, more: str = "", *edits: tuple[str, str, str]) -> Path:
    """Write the model and a config with a block of analyses; returns the path of the config."""
    files = dict(FILES)
    for name, old, new in edits:
        assert files[name].count(old) == 1, f"{old!r} stands {files[name].count(old)} times in {name}"
        files[name] = files[name].replace(old, new)
    text = dedent(analyses).strip("\n").replace("\n", "\n  ")
    files["config.yaml"] = f"model: model\ntitle: Points\n{more}analyses:\n  {text}\n"
    write_files(folder, files)  # type: ignore[arg-type]
    return folder / "config.yaml"


def net_benefits(
    c_one=8000.0, c_two=3000.0, c_fixed=500.0, *, d_one=0.0, d_two=0.0, saved=0.1, gain=0.95, a=0.5, b=0.3,
    threshold=20_000.0,
):  # fmt: skip
    """Incremental net benefit of the first drug and of both, by hand (the curve left out)."""
    one = threshold * (a * gain + b * 0.1) - a * (c_one * (1 - d_one) + c_fixed)
    return one, one + a * (threshold * gain / 2 - c_two * (1 - d_two) * (1 - saved))
