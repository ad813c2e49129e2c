"""From the written attributes of children to parsed formulas and distributions."""

from __future__ import annotations

from collections.abc import Callable, Collection

from nbsmodel.errors import InputError, Problem
from nbsmodel.formula.check import problems_of
from nbsmodel.formula.parse import FormulaError, parse
from nbsmodel.formula.tree import Node
from nbsmodel.model.attributes import reach, shares
from nbsmodel.model.distribution_call import read_call
from nbsmodel.model.distributions import DISTRIBUTIONS, Distribution, parse_distribution
from nbsmodel.model.names import INDIVIDUAL, NameBook, Scope
from nbsmodel.model.parameters import constant
from nbsmodel.model.parts import Attribute, Formula
from nbsmodel.model.schema import AttributeSchema, ModelSchema

Place = Callable[..., str]

_GROUPS = ("dirichlet", "multivariate_normal")
_IN_ORDER = "Attributes are drawn in the order of the file: an attribute may use those declared before it, not itself."
_SAME_CHILD = "It is a lever of the strategies, and a child is the same child in every arm."


def declare_attributes(schema: ModelSchema, book: NameBook, place: Place) -> None:
    """Note the names of all attributes, before derived values that use them are read.

    Parameters
    ----------
    schema : ModelSchema
    book : NameBook
    place : callable
        Key path to ``file:line key``.
    """
    for name in schema.attributes:
        book.declare(name, "attribute", place("attributes", name))
        book.attributes[name] = INDIVIDUAL
        if not schema.cohorts:
            found = f"no formula can use the attribute {name}: the model has no cohort."
            book.problems.add(place("attributes", name), found, "Remove it, or write what depends on it as a cohort.")


def build_attributes(schema: ModelSchema, book: NameBook, place: Place) -> dict[str, Attribute]:
    """Attributes with parsed formulas, in the order of the file; mistakes are noted in ``book.problems``.

    Parameters
    ----------
    schema : ModelSchema
    book : NameBook
        Knows all names, derived values among them.
    place : callable
        Key path to ``file:line key``.
    """
    built: dict[str, Attribute] = {}
    for name, written in schema.attributes.items():
        earlier = {n: book.attributes[n] for n in built}
        scope = Scope(earlier, f"the attribute {name}", {"attribute": _IN_ORDER, "lever": _SAME_CHILD})
        before = len(book.problems.items)
        values: tuple[tuple[float, Formula | None], ...] = ()
        arguments: dict[str, Formula] = {}
        fixed = None
        if written.distribution is None:
            values = _values(name, written, book, scope, place)
        else:
            spread = {n for n, a in built.items() if a.distribution}
            where = place("attributes", name, "distribution")
            arguments, fixed = _distribution(written.distribution, book, scope, spread, where)
        attribute = Attribute(
            name, written.label or name.replace("_", " "), place("attributes", name), values,
            written.distribution or "", arguments, fixed,
        )  # fmt: skip
        if values and len(book.problems.items) == before:
            book.problems.items += _constant_problems(attribute)
        built[name] = attribute
    return built


def _values(
    name: str, written: AttributeSchema, book: NameBook, scope: Scope, place: Place
) -> tuple[tuple[float, Formula | None], ...]:
    key = ("attributes", name, "values")
    found: list[tuple[float, Formula | None]] = []
    rests = []
    for text, probability in (written.values or {}).items():
        value = float(text)
        if value in [v for v, _ in found]:
            book.problems.add(place(*key, text), f"the value {value:g} stands twice.", "Keep it once.")
        if probability == "rest":
            rests.append(text)
            found.append((value, None))
            continue
        formula = book.parse(probability, place(*key, text))
        book.check(formula, scope)
        found.append((value, formula))
    if len(rests) > 1:
        book.problems.add(place(*key), f"{len(rests)} values have `rest` ({', '.join(rests)}).", "Only one may.")
    return tuple(found)


class _Asked(Exception):
    """The shape of a distribution is right: it has come to asking for a number."""


def _ask(text: str) -> float:
    raise _Asked


def _distribution(
    text: str, book: NameBook, scope: Scope, spread: Collection[str], place: str
) -> tuple[dict[str, Formula], Distribution | None]:
    """Arguments that are formulas, or the distribution when there are none."""
    problems = book.problems
    before = len(problems.items)
    try:
        call = read_call(text, constant, DISTRIBUTIONS)
        if call.name not in _GROUPS:
            parse_distribution(text, _ask)
    except _Asked:
        pass
    except ValueError as error:
        problems.add(place, f"{text}: {error}.")
        return {}, None
    if call.name in _GROUPS:
        fix = "Draw one attribute, and write the other as a formula of it."
        problems.add(place, f"{call.name} joins several parameters, an attribute stands alone.", fix)
        return {}, None
    arguments: dict[str, Formula] = {}
    for key, argument in call.arguments.items():
        if (call.name, key) == ("elicited", "family"):
            continue
        try:
            if _is_number(argument):
                continue
        except ValueError as error:
            problems.add(place, f"{call.name}: {key}: {error}.")
            continue
        formula = book.parse(argument, place)
        book.check(formula, scope)
        if formula is not None:
            arguments[argument] = formula
            for name in sorted(reach(formula.node, book.derived) & set(spread)):
                found = (
                    f"{call.name}: {key} depends on {name}, so that every child would need a distribution of its own."
                )
                fix = (
                    f"Make a derived value of this attribute and {name}, or group {name} by an attribute with `values`."
                )
                problems.add(place, found, fix)
    if arguments or len(problems.items) > before:
        return arguments, None
    try:
        distribution = parse_distribution(text, constant)
    except ValueError as error:
        problems.add(place, f"{text}: {error}.")
        return {}, None
    assert isinstance(distribution, Distribution)
    return {}, distribution


def _is_number(text: str) -> bool:
    """Whether a text is constant arithmetic; ValueError when it is neither that nor a formula."""
    try:
        node = parse(text)
    except FormulaError:
        constant(text)  # says more, where it is a percentage or has a decimal comma
        raise
    if not _is_constant(node):
        return False
    constant(text)
    return True


def _is_constant(node: Node) -> bool:
    return not problems_of(node, (), {})


def _constant_problems(attribute: Attribute) -> list[Problem]:
    """Probabilities that are impossible whatever the parameters are."""
    parts = [(v, f) for v, f in attribute.values if f is None or _is_constant(f.node)]
    try:
        shares(attribute, parts, {}, {})
    except InputError as error:
        return list(error.problems)
    return []
