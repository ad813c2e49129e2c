"""Reading the text of a distribution: ``name(argument=value, argument=value)``.

Only the outer shape is read here. What a number may be is decided by the ``number`` function
that the caller hands over; it evaluates constant arithmetic such as ``0.5*9625/(2*1.96)``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from nbsmodel.errors import nearest

Number = Callable[[str], float]

_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*\((.*)\)\s*", re.DOTALL)
_ARGUMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)(.*)", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_]\w*")
_CLOSES = {")": "(", "]": "["}


@dataclass(frozen=True)
class Call:
    """A distribution as written, with its arguments still as text.

    Parameters
    ----------
    name : str
        What stands before the bracket.
    arguments : dict of str to str
        In the order written.
    text : str
        The whole text, for messages and reports.
    read : callable
        Turns the text of a number into a float, or raises ValueError.
    """

    name: str
    arguments: dict[str, str]
    text: str
    read: Number

    def number(self, argument: str) -> float:
        """Value of a number argument.

        Raises
        ------
        ValueError
            If it cannot be read, or is not finite.
        """
        return self._read(argument, self.arguments[argument])

    def numbers(self, argument: str) -> tuple[float, ...]:
        """Values of a list argument such as ``[a; b]``.

        Raises
        ------
        ValueError
            If it is not in square brackets, or one of its numbers cannot be read or is not finite.
        """
        text = self.arguments[argument].strip()
        if not (text.startswith("[") and text.endswith("]")):
            raise ValueError(f"{self.name}: {argument} must be a list such as [1; 2] (found {text})")
        return tuple(self._read(argument, part) for part in _split(text[1:-1], self.name))

    def word(self, argument: str) -> str:
        """Value of an argument that is a name.

        Raises
        ------
        ValueError
            If it is anything but letters, digits and underscores.
        """
        text = self.arguments[argument].strip()
        if not _WORD.fullmatch(text):
            raise ValueError(f"{self.name}: {argument} must be a name (found {text})")
        return text

    def expect(self, *allowed: tuple[str, ...]) -> tuple[str, ...]:
        """Which of the allowed sets of arguments was given.

        Parameters
        ----------
        *allowed : tuple of str
            Each a complete set; the arguments must be exactly one of them, in any order.

        Returns
        -------
        tuple of str
            The set that was given, as in `allowed`.

        Raises
        ------
        ValueError
            Naming the arguments found, the allowed sets, and the nearest name of an unknown one.
        """
        for names in allowed:
            if set(names) == set(self.arguments):
                return names
        found = ", ".join(self.arguments) or "none"
        sets = " or ".join("(" + ", ".join(names) + ")" for names in allowed)
        known = {name for names in allowed for name in names}
        unknown = [name for name in self.arguments if name not in known]
        hint = f"; unknown argument {unknown[0]} {_hint(unknown[0], known)}" if unknown else ""
        raise ValueError(f"{self.name}: the arguments must be {sets}, found {found}{hint}")

    def _read(self, argument: str, text: str) -> float:
        try:
            value = float(self.read(text.strip()))
        except ValueError as error:
            raise ValueError(f"{self.name}: {argument}: {error}") from error
        if not math.isfinite(value):
            raise ValueError(f"{self.name}: {argument} must be a finite number (found {text.strip()})")
        return value


def read_call(text: str, number: Number, names: Iterable[str]) -> Call:
    """Split ``name(a=1, b=2)`` into its name and arguments.

    Parameters
    ----------
    text : str
        Arguments are separated by commas or semicolons; those inside brackets do not count.
    number : callable
        Turns the text of a number into a float, or raises ValueError.
    names : iterable of str
        Names that exist.

    Returns
    -------
    Call

    Raises
    ------
    ValueError
        For any other shape, an unknown name, or an argument given twice.
    """
    text = text.strip()
    match = _CALL.fullmatch(text)
    if match is None:
        raise ValueError(f"a distribution is written name(argument=value, ...) (found {text})")
    name, inside = match.groups()
    if name not in (names := set(names)):
        raise ValueError(f"unknown distribution {name} {_hint(name, names)}")
    arguments: dict[str, str] = {}
    for part in _split(inside, name) if inside.strip() else []:
        argument = _ARGUMENT.fullmatch(part)
        if argument is None or not argument.group(2).strip():
            raise ValueError(f"{name}: arguments are written name=value (found {part.strip() or 'nothing'})")
        key, value = argument.group(1), argument.group(2).strip()
        if key in arguments:
            raise ValueError(f"{name}: argument {key} is given twice")
        arguments[key] = value
    return Call(name, arguments, text, number)


def _hint(name: str, allowed: Iterable[str]) -> str:
    return f"({nearest(name, allowed).rstrip('.')})"


def _split(text: str, name: str) -> list[str]:
    """Parts between the commas and semicolons that stand outside all brackets."""
    parts, open_brackets = [""], []
    for character in text:
        if character in "([":
            open_brackets.append(character)
        elif character in _CLOSES and (not open_brackets or open_brackets.pop() != _CLOSES[character]):
            raise ValueError(f"{name}: the brackets do not match")
        if character in ",;" and not open_brackets:
            parts.append("")
        else:
            parts[-1] += character
    if open_brackets:
        raise ValueError(f"{name}: the brackets do not match")
    return parts
