"""From the written tree to branches with parsed formulas; subtrees are put in where they are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nbsmodel.errors import Problems, nearest
from nbsmodel.model.names import NameBook, Scope
from nbsmodel.model.parts import Account, Branch, BranchPayoff, Cohort, Entry, Formula, paths
from nbsmodel.model.schema import BranchSchema, FormulaText, PayoffSchema

#: Subtrees named over and over could grow without bound.
MAX_LEAVES = 5_000
MAX_NESTED = 40

TREE = Scope(
    {},
    "the tree",
    {
        "attribute": "The tree is exact arithmetic; attributes belong to the children that enter a cohort: "
        "use them there, or in `start` or `with`."
    },
)
Place = Callable[..., str]


def tree_formula(book: NameBook, text: FormulaText, place: str, scope: Scope = TREE) -> Formula | None:
    """A checked formula of the tree; None after a mistake, which has been reported."""
    formula = book.parse(text, place)
    book.check(formula, scope)
    return formula


def rest_or(book: NameBook, text: FormulaText, place: str, scope: Scope = TREE) -> Formula | None:
    """The same where ``rest`` is allowed, which gives None too."""
    return None if text == "rest" else tree_formula(book, text, place, scope)


class TreeBuilder:
    """Builds the tree of a model.

    Parameters
    ----------
    book : NameBook
    place : callable
        Key path to ``file:line key``.
    outcomes : collection of outcome names
    cohorts : mapping of str to Cohort
    subtrees : mapping of str to branches
    problems : Problems
    """

    def __init__(
        self,
        book: NameBook,
        place: Place,
        outcomes: Mapping[str, object],
        cohorts: Mapping[str, Cohort],
        subtrees: Mapping[str, Mapping[str, BranchSchema]],
        problems: Problems,
    ) -> None:
        self.book, self.place, self.outcomes = book, place, outcomes
        self.cohorts, self.subtrees, self.problems = cohorts, subtrees, problems
        self.entry_scope = Scope(book.attributes, TREE.what)
        self.leaves = 0
        self.used: set[str] = set()
        self.unresolved: set[str] = set()  # places of branches whose subtree does not exist

    def build(self, tree: Mapping[str, BranchSchema]) -> tuple[Branch, ...]:
        """Branches of the root, checked as a whole."""
        branches = self._node(tree, ("tree",), ())
        for name in self.subtrees:
            if name not in self.used:
                self._node(self.subtrees[name], ("subtrees", name), (name,))  # only to check its formulas
        self._check_classes(branches)
        return branches

    def _node(
        self, node: Mapping[str, BranchSchema], key: tuple[str, ...], inside: tuple[str, ...]
    ) -> tuple[Branch, ...]:
        rests = [name for name, branch in node.items() if branch.p == "rest"]
        if len(rests) > 1:
            self.problems.add(
                self.place(*key),
                f"{len(rests)} branches have `p: rest` ({', '.join(rests)}).",
                "Only one branch of a node may.",
            )
        return tuple(self._branch(name, branch, (*key, name), inside) for name, branch in node.items())

    def _branch(self, name: str, branch: BranchSchema, key: tuple[str, ...], inside: tuple[str, ...]) -> Branch:
        place = self.place(*key)
        below: tuple[Branch, ...] = ()
        if isinstance(branch.then, str):
            below = self._subtree(branch.then, (*key, "then"), inside)
        elif branch.then is not None:
            below = self._node(branch.then, (*key, "then"), inside)
        else:
            self.leaves += 1
        return Branch(
            name=name,
            label=branch.label or name.replace("_", " "),
            p=rest_or(self.book, branch.p, self.place(*key, "p")),
            place=place,
            class_=branch.class_,
            case=branch.case,
            payoffs=tuple(
                p for i, payoff in enumerate(branch.payoffs) if (p := self._payoff(payoff, (*key, "payoffs", i)))
            ),
            branches=below,
            entry=self._entry(branch, key),
        )

    def _subtree(self, name: str, key: tuple[str, ...], inside: tuple[str, ...]) -> tuple[Branch, ...]:
        if name not in self.subtrees:
            self.problems.add(self.place(*key), f"no subtree is named {name}.", nearest(name, self.subtrees))
            self.unresolved.add(self.place(*key[:-1]))
        elif name in inside:
            loop = " holds ".join((*inside[inside.index(name) :], name))
            self.problems.add(self.place(*key), f"a subtree holds itself: {loop}.", "Break the circle.")
        elif len(inside) >= MAX_NESTED:
            found = f"subtrees are nested deeper than {MAX_NESTED}."
            self.problems.add(self.place(*key), found, "Move branches into a cohort.")
        elif self.leaves > MAX_LEAVES:
            self.problems.add(
                self.place(*key), f"the tree has over {MAX_LEAVES:,} leaves.", "Move branches into a cohort."
            )
        else:
            self.used.add(name)
            return self._node(self.subtrees[name], ("subtrees", name), (*inside, name))
        return ()

    def _payoff(self, payoff: PayoffSchema, key: tuple[str | int, ...]) -> BranchPayoff | None:
        account = account_of(payoff, self.outcomes, self.book, self.place(*key))
        value = tree_formula(self.book, payoff.value, self.place(*key, "value"))
        at = tree_formula(self.book, getattr(payoff, "at", 0), self.place(*key, "at"))
        return BranchPayoff(account, value, at) if value and at else None

    def _entry(self, branch: BranchSchema, key: tuple[str, ...]) -> Entry | None:
        if branch.cohort is None or branch.start is None:
            return None
        place = self.place(*key, "cohort")
        cohort = self.cohorts.get(branch.cohort)
        if cohort is None:
            self.problems.add(place, f"no cohort is named {branch.cohort}.", nearest(branch.cohort, self.cohorts))
            return None
        for state in branch.start:
            if state not in cohort.state_names:
                fix = nearest(state, cohort.state_names)
                self.problems.add(self.place(*key, "start", state), f"{cohort.name} has no state {state}.", fix)
        rests = [s for s, p in branch.start.items() if p == "rest"]
        if len(rests) > 1:
            self.problems.add(
                self.place(*key, "start"), f"{len(rests)} states have `rest` ({', '.join(rests)}).", "Only one may."
            )
        self._check_with(branch, cohort, key)
        delay = tree_formula(self.book, branch.delay, self.place(*key, "delay"))
        scope = self.entry_scope
        handed = {n: tree_formula(self.book, f, self.place(*key, "with", n), scope) for n, f in branch.with_.items()}
        mix = {s: rest_or(self.book, f, self.place(*key, "start", s), scope) for s, f in branch.start.items()}
        if delay is None:
            return None
        return Entry(cohort.name, mix, delay, {n: f for n, f in handed.items() if f}, self.place(*key, "start"))

    def _check_with(self, branch: BranchSchema, cohort: Cohort, key: tuple[str, ...]) -> None:
        for name in branch.with_:
            if name not in cohort.receives:
                fix = nearest(name, cohort.receives)
                self.problems.add(self.place(*key, "with", name), f"{cohort.name} does not receive {name}.", fix)
        for name in cohort.receives:
            if name not in branch.with_:
                self.problems.add(
                    self.place(*key, "with"), f"{name} is missing, which {cohort.name} receives.", f"Add {name}."
                )

    def _check_classes(self, tree: tuple[Branch, ...]) -> None:
        all_paths = list(paths(tree))
        if not any(branch.class_ for path in all_paths for branch in path):
            return
        for path in all_paths:
            if path[-1].place not in self.unresolved and not any(branch.class_ for branch in path):
                route = " > ".join(branch.name for branch in path)
                fix = "Give this leaf, or a branch above it, a class."
                self.problems.add(path[-1].place, f"the leaf {route} has no `class`, while other leaves have one.", fix)


def account_of(payoff: PayoffSchema, outcomes: Mapping[str, object], book: NameBook, place: str) -> Account:
    """Where a payoff is booked; an unknown outcome or perspective is reported."""
    problems = book.problems
    if payoff.perspective not in book.perspectives:
        fix = nearest(payoff.perspective, book.perspectives) + " Declare others under `perspectives`."
        problems.add(f"{place}.perspective", f"no perspective is named {payoff.perspective}.", fix)
    if payoff.outcome not in outcomes:
        fix = nearest(payoff.outcome, outcomes) + " Declare others under `outcomes`."
        problems.add(f"{place}.outcome", f"no outcome is named {payoff.outcome}.", fix)
    elif payoff.outcome == "life_years":
        problems.add(f"{place}.outcome", "life-years count themselves.", "Remove this payoff.")
    return Account(payoff.outcome, payoff.component, payoff.perspective)
