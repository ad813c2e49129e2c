"""Inputs that are broken in one way each, with the place and the words that the message must have."""

from __future__ import annotations

from dataclasses import dataclass, field

from helpers import FILES

MODEL, PARAMETERS, BASE = "model/model.yaml", "model/parameters.csv", "configs/base.yaml"


@dataclass(frozen=True)
class Broken:
    """One broken input.

    Parameters
    ----------
    name : str
        What is wrong, as the test is called.
    edits : tuple of (file, old text, new text)
        The old text stands in the file exactly once.
    at : str
        Text whose line is the place of the message, or a place as a whole when it holds no line.
    says : tuple of str
        What the message must hold besides.
    file : str
        The file of the place; the first edit's unless given.
    whole : dict of str to str or bytes or None
        Files replaced as a whole, made a folder (None) or, with "-", removed.
    sets : tuple of str
        Changes given on the command line.
    """

    name: str
    edits: tuple[tuple[str, str, str], ...] = ()
    at: str = ""
    says: tuple[str, ...] = ()
    file: str = ""
    whole: dict[str, str | bytes | None] = field(default_factory=dict)
    sets: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """``file:line`` of the message, worked out from where `at` stands after the edits."""
        file = self.file or (self.edits[0][0] if self.edits else "")
        text = FILES[file] if file in FILES else ""
        for name, old, new in self.edits:
            if name == file:
                text = text.replace(old, new)
        if self.at not in text:
            return self.at
        assert text.count(self.at) == 1, f"{self.name}: {self.at!r} stands {text.count(self.at)} times"
        return f"{file}:{text[: text.index(self.at)].count(chr(10)) + 1}"


def model(name: str, old: str, new: str, at: str | None, *says: str) -> Broken:
    """One edit of model.yaml; the place is where the new text begins unless `at` is given."""
    return Broken(name, ((MODEL, old, new),), new if at is None else at, says)


def parameter(name: str, old: str, new: str, *says: str) -> Broken:
    """One edit of a row of parameters.csv."""
    return Broken(name, ((PARAMETERS, old, new),), new, says)


def config(name: str, old: str, new: str, *says: str) -> Broken:
    """One edit of the config."""
    return Broken(name, ((BASE, old, new),), new, says)


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ntitle: *c\n"
CYCLES = """cycles:
      - {length: 1 month, count: 12}
      - {length: 1 year, until: 10 years}"""
TWO = "then:\n      ill_too: {{p: {}, class: true_negative}}\n      well: {{p: {}, class: true_negative}}"
JUNK = bytes(range(128, 256)) * 4
QX = "model/tables/qx.csv"
