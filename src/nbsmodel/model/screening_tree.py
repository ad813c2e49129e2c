"""From a declared screening programme to the tree that a modeller would write by hand.

Groups of births come first, then who is known before, who is screened, and the tests one after the other::

    group > screened > first_positive > second_positive > ...

What is generated is plain data, as a model file has it, and is then checked and built like any other tree.
Errors in it are reported where the user wrote what they come from.
"""

from __future__ import annotations

import difflib
from typing import Any

from nbsmodel.errors import Problems
from nbsmodel.model.names import HEALTH_SYSTEM
from nbsmodel.model.parameters import ParameterTable
from nbsmodel.model.programme import Group, Programme, Step, Tier, negative, no_result, positive
from nbsmodel.model.schema import FormulaText, ModelSchema
from nbsmodel.model.screening_checks import check_programme
from nbsmodel.model.screening_names import ExpandedDocument, Values
from nbsmodel.model.screening_schema import NOTHING, GroupSchema, ScreeningBlock, ScreeningSchema, is_leaf
from nbsmodel.model.screening_tests import TIER, Chances, Timed, applying, tier_values
from nbsmodel.model.validate import check_shape
from nbsmodel.model.yamlfile import Document, KeyPath

KEY, TREE = "screening", "tree"
CARER = "carer"
FALSE_ALARM = "false positive"


def expand_screening(
    document: Document, parameters: ParameterTable, problems: Problems
) -> tuple[Document, Programme | None]:
    """A model file with its ``screening`` turned into ``tree`` and ``derived``.

    Parameters
    ----------
    document : Document
    parameters : ParameterTable
        For the units of names.
    problems : Problems
        Receives every mistake, with the place in the file as written.

    Returns
    -------
    document : Document
        The same one where there is nothing to expand.
    programme : Programme or None
    """
    if KEY not in document.data:
        return _with_a_tree(document, problems), None
    data = {key: value for key, value in document.data.items() if key != KEY}
    if TREE in data:
        place = document.place(KEY)
        problems.add(place, "this and `tree` describe the same thing.", "Keep one: `screening` becomes the tree.")
        return Document(document.path, _stand_in(document, data), document.lines), None
    block = check_shape(document, ScreeningBlock, problems)
    if block is None or not check_programme(block.screening, data.get("subtrees"), document.place, problems):
        return Document(document.path, _stand_in(document, data), document.lines), None
    values = Values(document, parameters, problems)
    programme = _Expander(block.screening, values, str(data.get("currency", "GBP"))).expand()
    data[TREE] = programme.tree
    given = data.get("derived", {})
    if isinstance(given, dict):
        data["derived"] = given | programme.derived
    return ExpandedDocument(document.path, data, document.lines, values.moved), programme


def _with_a_tree(document: Document, problems: Problems) -> Document:
    """The file itself; where it has neither tree nor programme, one with a stand-in for the tree."""
    if TREE in document.data:
        return document
    unknown = [key for key in document.data if key not in ModelSchema.model_fields]
    if not any(difflib.get_close_matches(key, unknown) for key in (TREE, KEY)):  # that is reported where it stands
        found = f"the key {TREE} is missing, and so is {KEY}, from which a tree is made."
        problems.add(document.place(), found, "Add one of them.")
    return Document(document.path, _stand_in(document, document.data), document.lines)


def _stand_in(document: Document, data: dict[str, Any]) -> dict[str, Any]:
    """After a mistake: a tree and the names of the programme, so that all else is checked and nothing else blamed."""
    block = document.data.get(KEY)
    tests = block.get("tests") if isinstance(block, dict) else None
    derived = data.get("derived", {})
    if isinstance(tests, dict) and isinstance(derived, dict):
        made = (f"{name}_{test}" for test in tests for name in ("age_at", "age_at_result", "tests"))
        data["derived"] = {name: 1 for name in made if name not in derived} | derived
    return {"tree": {"nobody": {"p": 1}}} | data


class _Expander:
    def __init__(self, screening: ScreeningSchema, values: Values, currency: str) -> None:
        self.screening, self.values, self.moved = screening, values, values.moved
        self.tiers = tier_values(screening, values, currency)
        self.steps: list[Step] = []
        self.ended: set[tuple[str, ...]] = set()

    def expand(self) -> Programme:
        self.offered = self._share("offered", self.screening.offered)
        self.uptake = self._share("uptake", self.screening.uptake)
        self.moved["tree",] = (KEY, "births")
        tree = {name: self._group(name, group) for name, group in self.screening.births.items()}
        names = list(self.screening.tests)
        return Programme(
            tiers=tuple(
                Tier(
                    name,
                    tier.label or _words(name),
                    self._place(*TIER, name),
                    self.tiers[name].number,
                    self.tiers[name].takes,
                    self._place(*TIER, name, "at"),
                )
                for name, tier in self.screening.tests.items()
            ),
            groups=tuple(
                Group(name, group.label or _words(name), group.case, _target(group))
                for name, group in self.screening.births.items()
            ),
            steps=tuple(sorted(self.steps, key=lambda step: names.index(step.test))),
            ended=frozenset(self.ended),
            burdens=self._burdens(),
            tree=tree,
            derived=self.values.derived,
        )

    def _place(self, *key: str | int) -> str:
        return self.values.document.place(*key)

    def _burdens(self) -> tuple[str, ...]:
        """Perspectives of what is booked on a false positive."""
        given = self.screening.false_positive
        if given is None:
            return ()
        payoffs = [payoff for payoff, _ in self._false_alarm("0")]
        return tuple(dict.fromkeys(str(payoff.get("perspective", HEALTH_SYSTEM)) for payoff in payoffs))

    def _share(self, key: str, text: FormulaText) -> str:
        return self.values.held(text, "share", f"share_{key}", (KEY, key))

    def _group(self, name: str, group: GroupSchema) -> dict[str, Any]:
        here: KeyPath = (KEY, "births", name)
        self.moved["tree", name] = here
        branch: dict[str, Any] = {}
        if group.label is not None:
            branch["label"] = group.label
        branch["p"] = group.p
        if group.case:
            branch["case"] = True
        if group.payoffs:
            branch["payoffs"] = group.payoffs
        if group.note is not None:
            branch["note"] = group.note
        then: dict[str, Any] = {}
        key: KeyPath = ("tree", name, "then")
        share = self.offered if self.uptake == "1" else f"{self.offered} * {self.uptake}"
        if group.known_before is not None:
            place = (*here, "known_before")
            known = self.values.held(group.known_before, "share", f"known_before_{name}", place)
            leaf = self._leaf(group, here, (*key, "known_before"), "known", "known_before")
            then["known_before"] = {"p": known} | leaf
            self.moved[*key, "known_before", "p"] = place
            share = f"(1 - {known}) * {share}"
        then["screened"] = self._screened(name, group, (*key, "screened"), share)
        outside = self._leaf(group, here, (*key, "not_screened"), "missed", "not_screened")
        then["not_screened"] = {"p": "rest"} | outside
        branch["then"] = then
        return branch

    def _screened(self, name: str, group: GroupSchema, key: KeyPath, share: str) -> dict[str, Any]:
        self.moved[key] = (KEY, "births", name)
        self.moved[*key, "p"] = (KEY, "offered")
        branch: dict[str, Any] = {"p": share}
        mine = applying(self.screening, name)
        chances = Chances(name, group, self.values)
        node, told = branch, False
        path: tuple[str, ...] = (name, "screened")
        for i, test in enumerate(mine):
            tier, last = self.tiers[test], i == len(mine) - 1
            told = told or self.screening.tests[test].family_told
            self._costs(node, key, test, tier)
            place = self._place(*tier.dependence[name][1]) if i and name in tier.dependence else ""
            among_all, chance = chances.next(test, tier)
            self.steps.append(Step(test, name, path, len(tier.costs), among_all, mine[i - 1] if i else "", place))
            node, key = self._outcomes(node, key, name, group, test, chance, told, last)
            path = (*path, positive(test))
        return branch

    def _costs(self, node: dict[str, Any], key: KeyPath, test: str, tier: Timed) -> None:
        payoffs = node.setdefault("payoffs", [])
        for value, at, kind in tier.costs:
            item: KeyPath = (*key, "payoffs", len(payoffs))
            self.moved[item] = (*TIER, test, kind)
            self.moved[*item, "value"] = (*TIER, test, kind)
            self.moved[*item, "at"] = (*TIER, test, "at")
            payoffs.append({"outcome": "cost", "component": tier.component, "value": value, "at": at})
        if not payoffs:
            del node["payoffs"]

    def _outcomes(
        self, node: dict[str, Any], key: KeyPath, name: str, group: GroupSchema, test: str, share: str,
        told: bool, last: bool,
    ) -> tuple[dict[str, Any], KeyPath]:  # fmt: skip
        """Those with no result, a positive and a negative one; gives the branch of the positive and its key."""
        here: KeyPath = (KEY, "births", name)
        tier, schema = self.tiers[test], self.screening.tests[test]
        then: dict[str, Any] = {}
        node["then"] = then
        key = (*key, "then")
        if tier.no_result:
            # a family that has been told is not told that all is well
            class_ = "false_positive" if told and not group.case else "not_screened"
            leaf = self._leaf(group, here, (*key, no_result(test)), "missed", class_, test)
            then[no_result(test)] = self._labelled(schema.label, "without a result") | {"p": tier.no_result} | leaf
            self.moved[*key, no_result(test), "p"] = (*TIER, test, "failure")
            share = f"(1 - {tier.no_result}) * {share}"
        branch = self._labelled(schema.label, "positive") | {"p": share}
        if schema.payoffs_if_positive:
            branch["payoffs"] = [_at(payoff, tier.result) for payoff in schema.payoffs_if_positive]
        self.moved[*key, positive(test)] = (*here, "positive", test)
        if schema.payoffs_if_positive:
            self.moved[*key, positive(test), "payoffs"] = (*TIER, test, "payoffs_if_positive")
        if last:
            branch |= self._leaf(group, here, (*key, positive(test)), "found", _target(group), test, branch)
        self.moved[*key, positive(test), "p"] = (*here, "positive", test)
        then[positive(test)] = branch
        class_ = "false_negative" if group.case else "false_positive" if told else "true_negative"
        leaf = self._leaf(group, here, (*key, negative(test)), "missed", class_, test)
        then[negative(test)] = self._labelled(schema.label, "negative") | {"p": "rest"} | leaf
        return branch, (*key, positive(test))

    def _labelled(self, label: str | None, word: str) -> dict[str, Any]:
        return {} if label is None else {"label": f"{label} {word}"}

    def _leaf(
        self, group: GroupSchema, here: KeyPath, key: KeyPath, below: str, class_: str, test: str = "",
        branch: dict[str, Any] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Class, burden of a false alarm and what comes below of a branch where the programme ends."""
        self.moved[key] = here
        leaf: dict[str, Any] = {"class": class_}
        if class_ == "false_positive" and self.screening.false_positive is not None:
            payoffs = list((branch or {}).get("payoffs", []))
            for payoff, source in self._false_alarm(self.tiers[test].result):
                self.moved[*key, "payoffs", len(payoffs)] = source
                for part in payoff:
                    self.moved[*key, "payoffs", len(payoffs), part] = source
                payoffs.append(payoff)
            leaf["payoffs"] = payoffs
        follows = getattr(group, below)
        if follows == NOTHING:
            self.ended.add(tuple(map(str, key[1::2])))
        elif isinstance(follows, dict) and is_leaf(follows):
            leaf |= self._own(follows, leaf.get("payoffs", (branch or {}).get("payoffs", [])), key, (*here, below))
        elif follows is not None:
            leaf["then"] = follows
            self.moved[*key, "then"] = (*here, below)
        return leaf

    def _own(self, block: dict[str, Any], payoffs: list[Any], key: KeyPath, source: KeyPath) -> dict[str, Any]:
        """What a block without branches adds to the branch; its payoffs come after those that stand there."""
        self.moved[key] = source
        if "payoffs" not in block:
            return block
        given = block["payoffs"]
        if not isinstance(given, list):  # refused with the rest of the tree
            self.moved[*key, "payoffs"] = (*source, "payoffs")
            return block
        for i in range(len(given)):
            self.moved[*key, "payoffs", len(payoffs) + i] = (*source, "payoffs", i)
        return block | {"payoffs": [*payoffs, *given]}

    def _false_alarm(self, at: str) -> list[tuple[dict[str, Any], KeyPath]]:
        """Payoffs of a false positive, with where each comes from."""
        given = self.screening.false_positive
        assert given is not None
        here: KeyPath = (KEY, "false_positive")
        found: list[tuple[dict[str, Any], KeyPath]] = []
        loss = {"outcome": "qaly", "component": FALSE_ALARM}
        if given.weeks is not None:
            weeks = self.values.held(given.weeks, "weeks", "weeks_of_false_positive", (*here, "weeks"))
        if given.disutility is not None:
            each = self._held_false("disutility", given.disutility, "disutility")
            found.append((loss | {"value": f"-{each} * {weeks} * 7 / 365.25", "at": at}, (*here, "disutility")))
        if given.parent_disutility is not None:
            parents = self._held_false("parents", 2 if given.parents is None else given.parents, "count")
            each = self._held_false("parent_disutility", given.parent_disutility, "disutility")
            value = f"-{parents} * {each} * {weeks} * 7 / 365.25"
            perspective = given.perspective or CARER
            found.append((loss | {"perspective": perspective, "value": value, "at": at}, (*here, "parent_disutility")))
        found += [(_at(payoff, at), (*here, "payoffs", i)) for i, payoff in enumerate(given.payoffs)]
        return found

    def _held_false(self, key: str, text: FormulaText, unit: str) -> str:
        return self.values.held(text, unit, f"{key}_of_false_positive", (KEY, "false_positive", key))


def _target(group: GroupSchema) -> str:
    """Class of those of a group who are positive on every test."""
    return "true_positive" if group.case else group.class_ or "false_positive"


def _at(payoff: dict[str, Any], age: str) -> dict[str, Any]:
    """A payoff booked at an age unless it says when itself."""
    return payoff if "at" in payoff else payoff | {"at": age}


def _words(name: str) -> str:
    return name.replace("_", " ")
