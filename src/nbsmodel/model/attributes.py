"""Attributes of simulated children: how they are drawn, and which formulas use them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from nbsmodel.errors import InputError, Problem, Problems
from nbsmodel.formula.array import evaluate_array
from nbsmodel.formula.order import needed_by
from nbsmodel.formula.tree import Node, names
from nbsmodel.model.distribution_univariate import Frozen
from nbsmodel.model.distributions import Distribution, parse_distribution
from nbsmodel.model.parameters import constant
from nbsmodel.model.parts import Attribute, Cohort, Formula, Model, MovePayoff, StartPayoff, StatePayoff, paths

Array = Any

#: Probabilities may leave their range, and their sum miss 1, by this much.
TOLERANCE = 1e-9

#: Families of SciPy whose quantiles are found by iteration.
_ITERATED = ("beta", "gamma")

#: Up to these shapes polynomials invert them.
_SMOOTH = 1e4


@dataclass
class Where:
    """Where a block begins, to name a place in it.

    Parameters
    ----------
    first_draw : int or None
        Number of its first draw; None in a run at base values.
    first_child : int
        Number of its first child.
    """

    first_draw: int | None
    first_child: int

    def words(self, bad: Array) -> str:
        """Draw and child of the first bad element of an array (individual, 1, draw)."""
        bad = np.asarray(bad)
        bad = bad.reshape((1,) * (3 - bad.ndim) + bad.shape)
        child, _, draw = (int(i) for i in np.argwhere(bad)[0])
        parts = [] if self.first_draw is None else [f"draw {self.first_draw + draw}"]
        if bad.shape[0] > 1:
            parts.append(f"child {self.first_child + child}")
        return f" in {', '.join(parts)}" if parts else ""


NOWHERE = Where(None, 0)


def attribute_values(
    model: Model, attribute: Attribute, uniforms: Array, values: Mapping[str, Array],
    first_draw: int | None = None, first_child: int = 0,
) -> Array:  # fmt: skip
    """Draw an attribute of many children.

    Each value depends only on its own uniform and the values at its place, so blocks of children
    and draws can be made in any order.

    Parameters
    ----------
    model : Model
    attribute : Attribute
    uniforms : array (individual, 1, draw)
        In the open interval (0, 1); a larger one gives a later value of the list, or a larger number.
    values : mapping of str to array
        Names that the formulas use, broadcastable to (individual, 1, draw).
    first_draw : int or None
        Number of the first draw, for messages; None in a run at base values.
    first_child : int
        Number of the first child, for messages.

    Returns
    -------
    array (individual, 1, draw)

    Raises
    ------
    InputError
        Probabilities outside [0, 1] or that do not add up to 1, numbers of which there is no such
        distribution; with the draw, and the child when it depends on the child.
    """
    u = np.asarray(uniforms, dtype=float)
    where = Where(first_draw, first_child)
    if attribute.fixed is not None:
        return _many(attribute.fixed, u)
    if attribute.distribution:
        return _quantiles(model, attribute, u, values, where)
    return _listed(attribute, shares(attribute, attribute.values, values, model.tables, where), u)


def _many(distribution: Distribution, u: Array) -> Array:
    """Quantiles for very many children.

    Families whose inverse is found by iteration are inverted once, by polynomials (Derflinger, Hörmann
    and Leydold 2010, doi:10.1145/1842713.1842717), to 1e-13 in the probability: twenty times quicker.
    """
    frozen = distribution.frozen
    if isinstance(frozen, Frozen) and frozen.name in _ITERATED:
        shapes = [frozen.arguments[name] for name in ("a", "b") if name in frozen.arguments]
        if all(1 <= shape <= _SMOOTH for shape in shapes):  # beyond, polynomials fit slowly or not at all
            inverse = _polynomials(frozen.name, tuple(frozen.arguments.items()))
            if inverse is not None:
                return inverse.ppf(u)
    return distribution.quantile(u)


@cache
def _polynomials(name: str, arguments: tuple[tuple[str, float], ...]) -> Any:
    from scipy import stats  # takes half a second to load
    from scipy.stats.sampling import NumericalInversePolynomial, UNURANError

    with np.errstate(all="ignore"):  # it looks at densities beyond the ends of the support
        try:
            return NumericalInversePolynomial(getattr(stats, name)(**dict(arguments)), u_resolution=1e-13)
        except (UNURANError, ArithmeticError, ValueError, RuntimeError):
            return None


def shares(
    attribute: Attribute,
    parts: Sequence[tuple[float, Formula | None]],
    values: Mapping[str, Array],
    tables: Mapping[str, Any],
    where: Where = NOWHERE,
) -> list[Array]:
    """Probabilities of values of an attribute; the rest gets what the others leave.

    Parameters
    ----------
    attribute : Attribute
    parts : sequence of (value, Formula or None)
        Those of the attribute, or some of them.
    values : mapping of str to array
        Names that the formulas use.
    tables : mapping of str to callable
    where : Where
        For messages.

    Raises
    ------
    InputError
        A probability outside [0, 1], a sum that is not 1, or exceeds it when values are left.
    """
    problems = Problems()
    found: list[Array] = []
    total: Array = 0.0
    for value, formula in parts:
        if formula is None:
            found.append(None)
            continue
        share = np.asarray(evaluate_array(formula.node, values, tables), dtype=float)
        ok = (share >= -TOLERANCE) & (share <= 1 + TOLERANCE)
        if not np.all(ok):
            shown = f"the probability of {attribute.name} {value:g} is {share[~ok][0]:g}{where.words(~ok)}"
            problems.add(formula.place, f"{shown}: {formula.text}.", "A probability is between 0 and 1.")
        found.append(np.clip(share, 0.0, 1.0))
        total = total + share
    problems.raise_if_any()
    open_end = len(parts) < len(attribute.values) or any(s is None for s in found)
    ok = np.asarray(total <= 1 + TOLERANCE if open_end else np.abs(total - 1) <= TOLERANCE)
    if not np.all(ok):
        shown = f"the probabilities of {attribute.name} add up to {np.asarray(total)[~ok][0]:.12g}{where.words(~ok)}."
        fix = "They may add up to 1 at most." if open_end else "They must add up to 1; give one of them `rest`."
        problems.add(attribute.place, shown, fix)
    problems.raise_if_any()
    rest = np.maximum(1.0 - total, 0.0)
    return [rest if s is None else s for s in found]


def _listed(attribute: Attribute, parts: list[Array], u: Array) -> Array:
    """The value in whose part of (0, 1) each uniform falls, the parts lying in the order of the file."""
    ends = [np.asarray(parts[0])]
    for part in parts[1:]:
        ends.append(ends[-1] + part)
    u = u * ends[-1]  # a value of probability 0 is never drawn, however the sum was rounded
    drawn = np.full(u.shape, attribute.values[-1][0])
    for (value, _), end in reversed(list(zip(attribute.values[:-1], ends, strict=False))):
        drawn = np.where(u < end, value, drawn)
    return drawn


def _quantiles(model: Model, attribute: Attribute, u: Array, values: Mapping[str, Array], where: Where) -> Array:
    """Quantiles of a distribution whose arguments are formulas; each set of arguments is made once a draw."""
    found = [evaluate_array(f.node, values, model.tables) for f in attribute.arguments.values()]
    given = np.stack(np.broadcast_arrays(*found, np.empty((1, 1, 1)))[:-1], axis=-1, dtype=float)
    drawn = np.empty(u.shape)
    for draw in range(given.shape[2]):
        columns = slice(draw, draw + 1) if given.shape[2] > 1 else slice(None)
        sets, which = np.unique(given[:, 0, draw], axis=0, return_inverse=True)
        for i, numbers in enumerate(sets):
            children = np.flatnonzero(which.ravel() == i) if len(sets) > 1 else slice(None)
            try:
                distribution = _made(attribute, numbers)
            except ValueError as error:
                here = np.zeros(given.shape[:3], dtype=bool)
                here[children, 0, draw] = True
                place = next(iter(attribute.arguments.values())).place
                fix = f"As written: {attribute.distribution}."
                raise InputError([Problem(place, f"{error}{where.words(here)}.", fix)]) from None
            drawn[children, :, columns] = distribution.quantile(u[children, :, columns])
    return drawn


def _made(attribute: Attribute, numbers: Array) -> Distribution:
    """The distribution with these arguments."""
    given = dict(zip(attribute.arguments, map(float, numbers), strict=True))
    made = parse_distribution(attribute.distribution, lambda text: given[text] if text in given else constant(text))
    assert isinstance(made, Distribution)
    return made


# --- use -------------------------------------------------------------------------------------


def reach(node: Node, derived: Mapping[str, Node]) -> frozenset[str]:
    """Names that a formula uses, directly or through derived values."""
    direct = names(node)
    return direct.union(*(names(derived[name]) for name in needed_by(direct, derived)))


def _formulas(cohort: Cohort) -> Iterator[Formula]:
    """Formulas of the transitions and payoffs of a cohort."""
    for row in cohort.transitions.values():
        yield from (t.formula for t in row if t.formula is not None)
    payoffs: tuple[StatePayoff | StartPayoff | MovePayoff, ...] = (
        *cohort.state_payoffs, *cohort.start_payoffs, *cohort.move_payoffs,
    )  # fmt: skip
    yield from (payoff.value for payoff in payoffs)


def _entry_formulas(model: Model) -> Iterator[tuple[str, str, Formula]]:
    """Cohort, name in its `receives` (empty for a share of the start) and formula of every leaf."""
    for path in paths(model.tree):
        entry = path[-1].entry
        if entry is not None:
            yield from ((entry.cohort, "", f) for f in entry.mix.values() if f is not None)
            yield from ((entry.cohort, name, f) for name, f in entry.hands_over.items())


def individual_places(model: Model, replaced: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Formulas that only a simulation of individual children can follow.

    Parameters
    ----------
    model : Model
    replaced : iterable of str
        Derived values that a config replaces by a number, so that their formulas do not count.

    Returns
    -------
    list of (place, name)
        Every formula of the tree and the cohorts that uses an attribute or a count, directly or
        through derived values or names handed over.
    """
    skip = set(replaced)
    derived = {name: d.formula.node for name, d in model.derived.items() if name not in skip}
    found: list[tuple[str, str]] = []
    handed: dict[str, set[str]] = {name: set() for name in model.cohorts}
    for cohort_name, received, formula in _entry_formulas(model):
        used = [name for name in model.attributes if name in reach(formula.node, derived)]
        found += [(formula.place, name) for name in used]
        if used and received:
            handed[cohort_name].add(received)
    for cohort in model.cohorts.values():
        individual = [*model.attributes, *(c.name for c in cohort.counts), *sorted(handed[cohort.name])]
        for formula in _formulas(cohort):
            used_here = reach(formula.node, derived)
            found += [(formula.place, name) for name in individual if name in used_here]
    return list(dict.fromkeys(found))


def _not_entered(model: Model, cohort: Cohort) -> list[str]:
    """States that no leaf starts in and no other state leads to."""
    entries = [path[-1].entry for path in paths(model.tree)]
    entered = {state for e in entries if e is not None and e.cohort == cohort.name for state in e.mix}
    entered |= {t.to for origin, row in cohort.transitions.items() for t in row if t.to != origin}
    return [state for state in cohort.state_names if state not in entered]


def unused_names(model: Model) -> list[str]:
    """A remark on every parameter, attribute, clock and count that no formula uses, and on states that nobody enters.

    Parameters
    ----------
    model : Model
    """
    derived = {name: d.formula.node for name, d in model.derived.items()}
    used: set[str] = set()
    for _, _, formula in _entry_formulas(model):
        used |= reach(formula.node, derived)
    for attribute in model.attributes.values():
        for part in (*(f for _, f in attribute.values if f is not None), *attribute.arguments.values()):
            used |= reach(part.node, derived)
    in_use = {row.name for row in model.parameters_in_use}
    rows = model.parameters.rows.values()
    notes = [f"{row.place}: no formula uses the parameter {row.name}." for row in rows if row.name not in in_use]
    for cohort in model.cohorts.values():
        notes += [f"{cohort.place}: nothing enters the state {name}." for name in _not_entered(model, cohort)]
        here = frozenset[str]().union(*(reach(f.node, derived) for f in _formulas(cohort)))
        used |= here
        kinds = [("clock", c.name) for c in cohort.clocks] + [("count", c.name) for c in cohort.counts]
        notes += [f"{cohort.place}: no formula uses the {kind} {name}." for kind, name in kinds if name not in here]
    unused = [a for a in model.attributes.values() if a.name not in used]
    return [f"{a.place}: no formula uses the attribute {a.name}." for a in unused] + notes
