"""Tables of uncertain parameters of every kind, for the tests of sampling and correlations."""

from __future__ import annotations

from pathlib import Path

from nbsmodel.errors import Problems
from nbsmodel.model.correlations import Correlation
from nbsmodel.model.parameters import ParameterTable, read_parameters

ROWS = {
    "cost": 'cost,100,GBP,"gamma(mean=100, se=20)",ons,published\n',
    "share": 'share,0.25,share,"beta(alpha=2, beta=6)",ons,published\n',
    "ratio": 'ratio,,ratio,"lognormal(meanlog=-0.5, sdlog=0.4)",ons,published\n',
    "score": 'score,3,number,"normal(mean=3, se=2)",ons,published\n',
    "age": 'age,,years,"triangular(low=0, mode=1, high=5)",ons,published\n',
    "delay": 'delay,,years,"uniform(low=1, high=2)",ons,published\n',
    "mix": (
        'mix1,,probability,"dirichlet(group=mix, count=0.5)",ons,published\n'
        'mix2,,probability,"dirichlet(group=mix, count=3)",ons,published\n'
        'mix3,,probability,"dirichlet(group=mix, count=7)",ons,published\n'
    ),
    "curve": (
        'level,1,number,"multivariate_normal(group=curve, cholesky=[1])",ons,published\n'
        'slope,2,number,"multivariate_normal(group=curve, cholesky=[0.5; 1])",ons,published\n'
    ),
    "fixed": "fixed,7,GBP,,ons,published\n",
}
UNIVARIATE = ("cost", "share", "ratio", "score", "age", "delay")


def table_of(folder: Path, rows: str | None = None) -> ParameterTable:
    """Table of rows written as CSV; of all rows above unless told."""
    path = folder / "parameters.csv"
    path.write_text("name,value,unit,distribution,source,status\n" + ("".join(ROWS.values()) if rows is None else rows))
    problems = Problems()
    table = read_parameters(path, {"ons"}, problems)
    assert problems.items == []
    return table


def joined(*names: str, rank: float) -> Correlation:
    """A correlation of every pair of some parameters."""
    return Correlation(names, rank, ("ons",), "", "here")
