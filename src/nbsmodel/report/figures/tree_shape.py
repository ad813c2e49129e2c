"""What the figure of a decision tree shows: branches with short chains joined and repeats folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.formula.tree import Number
from nbsmodel.model.parts import Branch, Formula
from nbsmodel.report.figures.words import number

#: A formula longer than this gives way to its base value.
LONGEST_FORMULA = 26


@dataclass(frozen=True)
class Shown:
    """A branch as drawn; ``end`` are the lines of text at a leaf."""

    label: str
    p: str
    class_: str | None
    end: tuple[str, ...]
    below: tuple[Shown, ...]

    def leaves(self) -> int:
        """Leaves drawn from here."""
        return sum(b.leaves() for b in self.below) or 1


def shown_tree(scenario: Scenario, paths: pd.DataFrame) -> tuple[Shown, ...]:
    """The tree of a model as the figure draws it."""
    return _Folder(scenario, paths).node(scenario.model.tree, (), None)


class _Folder:
    def __init__(self, scenario: Scenario, paths: pd.DataFrame) -> None:
        self.scenario = scenario
        self.first: dict[Any, str] = {}
        self.labels = [b.label for b in _every(scenario.model.tree)]
        self.reached: dict[tuple[str, ...], dict[str, float]] = {}
        for strategy, path, p in zip(paths["strategy"], paths["path"], paths["probability"], strict=True):
            steps = tuple(path.split(" > "))
            for n in range(len(steps) + 1):
                by_strategy = self.reached.setdefault(steps[:n], {})
                by_strategy[strategy] = by_strategy.get(strategy, 0.0) + float(p)

    def node(self, branches: Sequence[Branch], above: tuple[Branch, ...], class_: str | None) -> tuple[Shown, ...]:
        return tuple(self.branch(b, above, b.class_ or class_) for b in branches)

    def branch(self, branch: Branch, above: tuple[Branch, ...], class_: str | None) -> Shown:
        p, label = self.probability(branch, above), branch.label
        above = (*above, branch)
        while len(branch.branches) == 1 and _certain(only := branch.branches[0]):
            label = only.label if label.lower() in only.label.lower() else f"{label}: {only.label}"
            branch, class_ = only, only.class_ or class_
            above = (*above, branch)
        if not branch.branches:
            return Shown(label, p, class_, self.end(branch, class_), ())
        key = tuple(_signature(b) for b in branch.branches)
        if key in self.first and sum(1 for _ in _leaves(branch.branches)) > 1:
            as_before = f"as after \N{LEFT SINGLE QUOTATION MARK}{self.first[key]}\N{RIGHT SINGLE QUOTATION MARK} above"
            return Shown(label, p, class_, (*_class_words(class_), as_before), ())
        self.first.setdefault(key, self.unique_label(above))
        return Shown(label, p, class_, (), self.node(branch.branches, above, class_))

    def unique_label(self, path: tuple[Branch, ...]) -> str:
        """Label of a branch, after that of its parent where several branches share it."""
        label = path[-1].label
        return label if self.labels.count(label) == 1 or len(path) == 1 else f"{path[-2].label}: {label}"

    def end(self, branch: Branch, class_: str | None) -> tuple[str, ...]:
        words = _class_words(class_)
        if branch.entry is None:
            return words
        cohort = self.scenario.model.cohorts[branch.entry.cohort]
        return (*words, f"enters {cohort.label if len(cohort.label) <= 22 else cohort.name.replace('_', ' ')}")

    def probability(self, branch: Branch, above: tuple[Branch, ...]) -> str:
        """The formula, or the range of base values over the strategies that come this way."""
        if branch.p is None:
            return "rest" if len(above[-1].branches if above else self.scenario.model.tree) > 1 else "1"
        if len(branch.p.text) <= LONGEST_FORMULA:
            return branch.p.text
        before = self.reached.get(tuple(b.name for b in above), {})
        here = self.reached.get((*(b.name for b in above), branch.name), {})
        values = [here[s] / before[s] for s in here if before.get(s, 0) > 0]
        if not values:
            return branch.p.text
        low, high = number(min(values)), number(max(values))
        return f"= {low}" if low == high else f"= {low} to {high}"


def _certain(branch: Branch) -> bool:
    return branch.p is None or (isinstance(branch.p.node, Number) and branch.p.node.value == 1)


def _class_words(class_: str | None) -> tuple[str, ...]:
    return (class_.replace("_", " "),) if class_ else ()


def _text(formula: Formula | None) -> str | None:
    return None if formula is None else formula.text


def _signature(branch: Branch) -> Any:
    """Equal for branches that lead to the same things with the same probabilities."""
    entry = branch.entry
    enters = None if entry is None else (entry.key, tuple(sorted((k, _text(f) or "") for k, f in entry.mix.items())))
    pays = tuple((p.account, p.value.text, p.at.text) for p in branch.payoffs)
    below = tuple(_signature(b) for b in branch.branches)
    return (branch.name, branch.label, _text(branch.p), branch.class_, branch.case, enters, pays, below)


def _every(branches: Sequence[Branch]) -> list[Branch]:
    return [b for branch in branches for b in (branch, *_every(branch.branches))]


def _leaves(branches: Sequence[Branch]) -> list[Branch]:
    return [b for b in _every(branches) if not b.branches]
