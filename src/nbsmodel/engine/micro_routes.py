"""Which way simulated children take through the tree, and in which state they start.

The tree itself is exact arithmetic. Of the population only those are simulated who enter a cohort; at
each chance node above, a child takes a branch with its share of all who will enter one. The number that
decides belongs to the child and the node: the same in every strategy, and in every copy of a subtree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.engine.check import SUM_TOLERANCE
from nbsmodel.engine.tree import Leaf, TreeRun
from nbsmodel.engine.values import Values
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.parts import Branch, Cohort, Entry, Formula, Model

Array = Any
#: A number between 0 and 1 for each child of an event, (draw, individual).
Luck = Callable[[str], Array]


class EntryTree(TreeRun):
    """The tree of a simulation: shares of start states are worked out child by child, not here."""

    def _arrive(self, entry: Entry, mass: Array) -> None:
        pass


@dataclass(frozen=True)
class EntryLeaf:
    """A leaf whose people enter a cohort, and their share, (strategy, draw)."""

    path: tuple[Branch, ...]
    entry: Entry
    mass: Array


def entry_leaves(leaves: Sequence[Leaf]) -> list[EntryLeaf]:
    """Leaves that enter a cohort, in the order of the tree."""
    return [EntryLeaf(leaf.path, leaf.path[-1].entry, leaf.probability) for leaf in leaves if leaf.path[-1].entry]


def leaf_of_each(model: Model, leaves: Sequence[EntryLeaf], luck: Luck) -> Array:
    """Leaf that each child goes to.

    Parameters
    ----------
    model : Model
    leaves : sequence of EntryLeaf
    luck : callable

    Returns
    -------
    int16 array (draw, strategy, individual)
        Position in `leaves`; 0 where nobody enters at all.
    """
    strategies, draws = leaves[0].mass.shape
    if len(leaves) == 1:
        individuals = luck("").shape[1]
        return np.zeros((draws, strategies, individuals), dtype=np.int16)
    numbers = {id(leaf): i for i, leaf in enumerate(leaves)}

    def below(branches: tuple[Branch, ...], inside: Sequence[EntryLeaf], level: int, above: tuple[str, ...]) -> Array:
        """Leaf below a node, (draw, strategy or 1, individual or 1); `above` names the nodes on the way."""
        node = node_name(branches, above)
        parts = [[leaf for leaf in inside if leaf.path[level] is b] for b in branches]
        used = [(b, part) for b, part in zip(branches, parts, strict=True) if part]
        found = [
            np.full((1, 1, 1), numbers[id(part[0])], dtype=np.int16)
            if len(part) == 1 and len(part[0].path) == level + 1
            else below(b.branches, part, level + 1, (*above, node))
            for b, part in used
        ]
        if len(used) == 1:
            return found[0]
        masses = [sum(leaf.mass for leaf in part) for _, part in used]
        ends = np.cumsum(np.stack(masses), axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            cuts = np.where(ends[-1] > 0, ends / ends[-1], 1.0).transpose(0, 2, 1)[:, :, :, None]
        u = luck(node)[:, None, :]
        result = found[-1]
        for cut, leaf in zip(cuts[-2::-1], found[-2::-1], strict=True):
            result = np.where(u < cut, leaf, result)
        return result

    whole = below(model.tree, leaves, 0, ())
    individuals = luck("").shape[1]
    return np.ascontiguousarray(np.broadcast_to(whole, (draws, strategies, individuals)))


def node_name(branches: Sequence[Branch], above: Sequence[str]) -> str:
    """Name of a chance node: that of its branches, the same in every copy of a subtree.

    A node below others of the same name, as a second test below a first one, has a number as well:
    a child's luck in one test must not be its luck in the next.
    """
    name = "node " + " | ".join(b.name for b in branches)
    while name in above:
        name += " again"
    return name


def start_states(
    cohort: Cohort, entry: Entry, values: Values, luck: Luck, shape: tuple[int, int, int], words: Callable[[Array], str]
) -> Array:
    """State in which children start who enter through one leaf.

    States are laid out on (0, 1) in the order of the cohort, so that the same luck means the same end
    of the list in every strategy.

    Parameters
    ----------
    cohort : Cohort
    entry : Entry
    values : Values
        At the level of the children, (individual, strategy, draw).
    luck : callable
    shape : (draw, strategy, individual)
    words : callable
        Says where the first bad element of an array (individual, strategy, draw) is.

    Returns
    -------
    int16 array (draw, strategy, individual)

    Raises
    ------
    InputError
        A share outside [0, 1], shares that do not add up; with the child.
    """
    index = {name: i for i, name in enumerate(cohort.state_names)}
    if len(entry.mix) == 1:
        only = next(iter(entry.mix))
        share = _share(next(iter(entry.mix.values())), only, values, words)
        if share is not None:
            _check_sum(entry, share, False, words)
        return np.full(shape, index[only], dtype=np.int16)
    shares = {state: _share(formula, state, values, words) for state, formula in entry.mix.items()}
    given = [s for s in shares.values() if s is not None]
    total: Array = sum(given[1:], given[0])
    _check_sum(entry, total, len(given) < len(shares), words)
    rest = np.maximum(1.0 - total, 0.0)
    u = luck(f"start {cohort.name}")[:, None, :]
    order = sorted(shares, key=lambda s: index[s])
    result = np.full((1, 1, 1), index[order[-1]], dtype=np.int16)
    ends: list[Array] = []
    end: Array = 0.0
    for state in order[:-1]:
        share = shares[state]
        end = end + (rest if share is None else share)
        ends.append(_by_draw(end))
    for state, cut in reversed(list(zip(order[:-1], ends, strict=True))):
        result = np.where(u < cut, np.int16(index[state]), result)
    return np.broadcast_to(result, shape)


def _by_draw(array: Array) -> Array:
    """From (individual, strategy, draw) to (draw, strategy, individual)."""
    array = np.asarray(array)
    return array.reshape((1,) * (3 - array.ndim) + array.shape).transpose(2, 1, 0)


def _share(formula: Formula | None, state: str, values: Values, words: Callable[[Array], str]) -> Array | None:
    if formula is None:
        return None
    share = np.asarray(values.value(formula.node), dtype=float)
    ok = (share >= -SUM_TOLERANCE) & (share <= 1 + SUM_TOLERANCE)
    if not np.all(ok):
        shown = float(share[~ok].ravel()[0]) if share.ndim else float(share)
        found = f"the probability of start state {state} is {shown:g}{words(~ok)}: {formula.text}."
        raise InputError([Problem(formula.place, found, "A probability is between 0 and 1.")])
    return np.clip(share, 0.0, 1.0)


def _check_sum(entry: Entry, total: Array, has_rest: bool, words: Callable[[Array], str]) -> None:
    total = np.asarray(total)
    ok = total <= 1 + SUM_TOLERANCE if has_rest else np.abs(total - 1) <= SUM_TOLERANCE
    if np.all(ok):
        return
    shown = float(total[~ok].ravel()[0]) if total.ndim else float(total)
    found = f"the probabilities of {', '.join(entry.mix)} add up to {shown:.12g}{words(~np.asarray(ok))}."
    fix = "They may add up to 1 at most." if has_rest else "They must add up to 1; give one of them `rest`."
    raise InputError([Problem(entry.place, found, fix)])
