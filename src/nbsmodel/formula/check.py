"""Names and axes: does a formula only use what exists, and what does it vary over?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from nbsmodel.errors import nearest
from nbsmodel.formula.functions import FUNCTIONS
from nbsmodel.formula.tree import Binary, Call, Name, Node, calls, children, names

#: The axes a value can vary over. ``cycle`` covers calendar time and age, ``clock`` the time
#: since entry to a state or a set of states, ``individual`` the attributes of a simulated child.
AXES = ("draw", "strategy", "cycle", "clock", "individual")

#: Names that belong to the time of a cohort.
CALENDAR = ("age", "time", "cycle", "dt")
TIME_IN_STATE = "time_in_state"

Axes = frozenset[str]
NONE: Axes = frozenset()


def axes_of(node: Node, axes: Mapping[str, Axes]) -> Axes:
    """Axes a formula varies over: the union over the names it uses.

    Parameters
    ----------
    node : Node
    axes : mapping of str to frozenset of str
        The axes of each known name. Unknown names are taken as constant.
    """
    found: Axes = NONE
    for name in names(node):
        found |= axes.get(name, NONE)
    return found


def axes_of_definitions(definitions: Mapping[str, Node], axes: Mapping[str, Axes]) -> dict[str, Axes]:
    """Axes of derived values, which must be given in dependency order."""
    known = dict(axes)
    for name, node in definitions.items():
        known[name] = axes_of(node, known)
    return {name: known[name] for name in definitions}


def problems_of(node: Node, known: Collection[str], tables: Mapping[str, Collection[str]]) -> list[tuple[str, str]]:
    """What is wrong with the names and calls of a formula.

    Parameters
    ----------
    node : Node
    known : collection of str
        Names that may be used at this place.
    tables : mapping of str to collection of str
        Tables and their value columns; none where the table could not be read.

    Returns
    -------
    list of (found, fix)
    """
    found = [_unknown(name, known, tables) for name in sorted(names(node) - set(known))]
    for call in calls(node):
        found += _call_problems(call, known, tables)
    return found


def _unknown(name: str, known: Collection[str], tables: Mapping[str, Collection[str]]) -> tuple[str, str]:
    if name in tables:
        return f"{name} is a table", f"Look it up as in {name}(x)."
    if name in FUNCTIONS:
        return f"{name} is a function", f"Use {name}({FUNCTIONS[name].arguments})."
    fix = f"{nearest(name, known)} If it is a new parameter, add it to parameters.csv."
    return f"no parameter, derived value or clock is named {name}", fix


def choice_problems(node: Node, choices: Mapping[str, Collection[str]]) -> list[tuple[str, str]]:
    """Choices and options that stand elsewhere than in `choice == option`.

    Parameters
    ----------
    node : Node
    choices : mapping of str to collection of str
        Options by choice.

    Returns
    -------
    list of (found, fix)
    """
    options = {o for known in choices.values() for o in known}
    match node:
        case Name(name) if name in choices:
            first = next(iter(choices[name]))
            return [(f"the choice {name} is no number", f"Compare it with an option, as in {name} == {first}.")]
        case Name(name) if name in options:
            return [(f"the option {name} is no number", "Compare its choice with it, as in choice == option.")]
        case Binary("==" | "!=", Name(left), Name(right)) if left in choices or right in choices:
            choice, option = (left, right) if left in choices else (right, left)
            if option in choices[choice]:
                return []
            return [(f"{choice} has no option {option}", nearest(option, choices[choice]))]
    return [problem for child in children(node) for problem in choice_problems(child, choices)]


def _call_problems(
    call: Call, known: Collection[str], tables: Mapping[str, Collection[str]]
) -> Iterable[tuple[str, str]]:
    if call.function in tables:
        return _look_up_problems(call, tables[call.function])
    if call.function in known:
        return [(f"{call.function} is a value, no function", f"Write {call.function} * (...) to multiply.")]
    if call.function not in FUNCTIONS:
        return [(f"there is no function or table {call.function}()", nearest(call.function, [*FUNCTIONS, *tables]))]
    function = FUNCTIONS[call.function]
    if call.column is not None:
        return [
            (f"{call.function}() takes no text, found {call.column!r}", f"Use {call.function}({function.arguments}).")
        ]
    if not function.least <= len(call.args) <= function.most:
        return [
            (f"{call.function}() is given {_count(call, 'argument')}", f"Use {call.function}({function.arguments}).")
        ]
    return []


def _count(call: Call, what: str) -> str:
    return f"{len(call.args)} {what}{'' if len(call.args) == 1 else 's'}"


def _look_up_problems(call: Call, columns: Collection[str]) -> Iterable[tuple[str, str]]:
    if len(call.args) != 1:
        return [(f"table {call.function} is given {_count(call, 'key')}", f"Use {call.function}(x).")]
    if call.column is None and len(columns) > 1:
        return [
            (
                f"table {call.function} has several columns",
                f'Name one, as in {call.function}(x, "{sorted(columns)[0]}").',
            )
        ]
    if call.column is not None and columns and call.column not in columns:
        return [(f"table {call.function} has no column {call.column}", nearest(call.column, columns))]
    return []
