"""Shares of one whole of which a config overrides some: with the others they still have to add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbsmodel.errors import Problems
from nbsmodel.model.distribution_groups import Dirichlet
from nbsmodel.model.parts import Model

#: Overridden shares may miss what the others leave by this much.
TOLERANCE = 1e-4


def check_shares(model: Model, found: Mapping[str, float], places: Mapping[str, str], problems: Problems) -> None:
    """Note Dirichlet groups of which only some members are replaced, by numbers that do not fit the others.

    Parameters
    ----------
    model : Model
    found : mapping of str to float
        Overrides.
    places : mapping of str to str
        Where each stands.
    problems : Problems
    """
    for group in model.parameters.groups:
        fixed = [name for name in group.members if name in found]
        if not isinstance(group, Dirichlet) or not fixed or len(fixed) == len(group.members):
            continue
        base = {name: model.parameters.rows[name].value for name in group.members}
        others = [name for name in group.members if name not in found]
        given, rest, whole = sum(found[n] for n in fixed), sum(base[n] for n in others), sum(base.values())
        if abs(given + rest - whole) <= TOLERANCE:
            continue
        what = f"{_listed(group.members)} are shares of one whole, and would add up to {given + rest:.6g} with this."
        left = whole - given
        kept = ", ".join(f"{n}: {left * (base[n] / rest if rest else 1 / len(others)):.6g}" for n in others)
        fix = f"Override {_listed(others)} too; in proportion they would be {kept}." if left >= 0 else "Lower it."
        problems.add(places[fixed[0]], what, fix)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
