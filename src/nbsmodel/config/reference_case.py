"""The reference case of a config: the settings it is held against, and reasons for what departs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbsmodel.config.merge import Merged, merge_file, validated
from nbsmodel.config.settings import Settings
from nbsmodel.errors import Problem, Problems, nearest


def reference_settings(merged: Merged, problems: Problems, files: list[Path]) -> tuple[Path, Settings] | None:
    """The reference case that a config names: its file and settings.

    Parameters
    ----------
    merged : Merged
    problems : Problems
        Receives what is wrong with it, and reasons that belong to no setting or to no reference case.
    files : list of Path
        Receives the files read.
    """
    named = merged.single.get("reference_case", (None,))[0] is not None
    for key, (_, place) in merged.departures.items():
        if key not in Settings.model_fields:
            problems.add(place, f"there is no setting {key}.", nearest(key, Settings.model_fields))
        elif not named:
            problems.add(place, "no reference case is named that could be departed from.", "Add `reference_case`.")
    if not named:
        return None
    name, place, folder = merged.single["reference_case"]
    other = Merged()
    found = Problems()
    read: list[Path] = []
    merge_file(folder / name, other, read, found)
    files += read
    theirs = validated(Settings, "settings", other.settings, found)
    problems.items += [Problem(f"{place} > {p.place}", p.found, p.fix) for p in found.items]
    return None if theirs is None else ((folder / name).resolve(), theirs)


def departures(reference: Settings, ours: Settings) -> list[tuple[str, Any, Any]]:
    """Settings that differ from a reference case: key, reference, ours, in the form a config would give them."""
    theirs, used = reference.as_written(), ours.as_written()
    return [(key, theirs[key], used[key]) for key in used if used[key] != theirs[key]]
