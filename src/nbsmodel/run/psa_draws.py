"""Where the draws of a probabilistic analysis come from: the model's distributions, or a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.model.distribution_groups import Dirichlet
from nbsmodel.model.sampling import draw_parameters, given_fixed
from nbsmodel.numerics.random import uniforms
from nbsmodel.run.psa_evaluate import Alternative, alternatives_of

Array = Any


@dataclass
class DrawSource:
    """Draws that can be had in parts.

    Parameters
    ----------
    scenario : Scenario
    ids : int array (n,)
        Number of each draw.
    alternatives : tuple of str
        Names of the structural alternatives; one without a name where there are none.
    file : dict of str to array, optional
        Columns of an external table, used as they are.
    which : int array (n,), optional
        Alternative of each row of an external table that names it.
    """

    scenario: Scenario
    ids: Array
    alternatives: tuple[str, ...]
    file: dict[str, Array] | None = None
    which: Array | None = None
    _of: tuple[Alternative, ...] = field(default=(), repr=False)

    @property
    def n(self) -> int:
        """Number of draws."""
        return len(self.ids)

    @property
    def place(self) -> str:
        """Where the config asks for them."""
        return self.scenario.places.get("analyses.psa", "analyses.psa")

    def part(self, first: int, count: int) -> tuple[dict[str, Array], Array]:
        """Parameters of consecutive draws, and the place of each draw's alternative.

        What the scenario or an alternative overrides is not drawn, see `given_fixed`.
        """
        rows = slice(first, first + count)
        which = self._which(first, count)
        if self.file is not None:
            columns = {name: column[rows].copy() for name, column in self.file.items()}
        else:
            columns = self._drawn(first, count)
        for a, alternative in enumerate(self._of):
            rows_of = which == a
            if alternative.overrides and rows_of.any():
                mine = {name: column[rows_of] for name, column in columns.items()}
                fixed = {**self.scenario.overrides, **alternative.overrides}
                for name, column in given_fixed(self.scenario.model.parameters, mine, fixed).items():
                    columns[name][rows_of] = column
                for name in columns.keys() & alternative.overrides.keys():
                    columns[name][rows_of] = alternative.overrides[name]
        return columns, which

    def _drawn(self, first: int, count: int) -> dict[str, Array]:
        psa, table = self.scenario.analyses.psa, self.scenario.model.parameters
        assert psa is not None
        drawn = draw_parameters(table, self.n, self.scenario.seed, psa.sampling, first, count)
        return given_fixed(table, drawn, self.scenario.overrides)

    def _which(self, first: int, count: int) -> Array:
        if self.which is not None:
            return self.which[first : first + count]
        if len(self._of) < 2:
            return np.zeros(count, dtype=np.int64)
        ends = np.cumsum([a.weight for a in self._of])
        u = uniforms(self.scenario.seed, "alternative", "", count, first)
        # an alternative without weight has an empty interval; the last end may fall short of 1 by rounding
        possible = np.flatnonzero([a.weight > 0 for a in self._of])
        return np.minimum(np.searchsorted(ends, u, side="right"), possible[-1])


def draw_source(scenario: Scenario) -> DrawSource:
    """The draws that a scenario asks for.

    Raises
    ------
    InputError
        An alternative that changes what the model does not have; a file that cannot be used; a model
        without distributions.
    """
    psa = scenario.analyses.psa
    assert psa is not None
    place = scenario.places.get("analyses.psa", "analyses.psa")
    of = alternatives_of(scenario)
    _check_alternatives(scenario, of, place)
    names = tuple(a.name for a in of)
    if psa.file is not None:
        return _from_file(scenario, Path(psa.file), names, of, place)
    uncertain = [name for name, row in scenario.model.parameters.rows.items() if row.uncertain]
    if not [name for name in uncertain if name not in scenario.overrides]:
        found = "no parameter of this model has a distribution" + (" that is not overridden." if uncertain else ".")
        raise InputError([Problem(place, found, "Add distributions to parameters.csv, or give a `file` of draws.")])
    return DrawSource(scenario, np.arange(psa.draws), names, _of=of)


def _from_file(
    scenario: Scenario, path: Path, names: tuple[str, ...], of: tuple[Alternative, ...], place: str
) -> DrawSource:  # fmt: skip
    from nbsmodel.run.draw_file import read_draws

    table = read_draws(path, scenario.model, place)
    which = None
    if "alternative" in table:
        problems = Problems()
        for found in table["alternative"].unique():
            if found not in names:
                text = f"the file has draws of the alternative {found}, which the config does not name."
                problems.add(place, text, nearest(str(found), [n for n in names if n]))
        problems.raise_if_any()
        which = table.pop("alternative").map(names.index).to_numpy()
    both = [name for name in table.columns if name in scenario.overrides]
    if both:
        found = f"{', '.join(both)}: in the file of draws and overridden by the scenario at once."
        raise InputError([Problem(place, found, "Keep one of them.")])
    for group in scenario.model.parameters.groups:
        inside = [m for m in group.members if m in table.columns]
        if isinstance(group, Dirichlet) and inside and len(inside) < len(group.members):
            missing = [m for m in group.members if m not in inside]
            found = f"the file has {', '.join(inside)} but not {', '.join(missing)}, with which they add up to 1."
            raise InputError([Problem(place, found, "Give all members of the group, or none.")])
    columns = {str(name): table[name].to_numpy(dtype=float) for name in table.columns}
    return DrawSource(scenario, table.index.to_numpy(), names, columns, which, of)


def _check_alternatives(scenario: Scenario, of: tuple[Alternative, ...], place: str) -> None:
    from nbsmodel.config.scenario import check_changes

    problems = Problems()
    for alternative in of:
        try:
            check_changes(scenario.model, alternative.overrides, alternative.choices)
        except InputError as error:
            lead = f"{place}.alternatives.{alternative.name}"
            problems.items += [Problem(f"{lead} > {p.place}", p.found, p.fix) for p in error.problems]
    problems.raise_if_any()
