"""Random damage to a model: it runs, or says what is wrong; never anything else."""

from __future__ import annotations

import random
import re

import pytest
from helpers import FILES, write_files

from nbsmodel.config.scenario import load_scenario
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.errors import InputError

WORDS = (
    "rest", "-1", "0", "1.5", "1e400", "nan", "", "[]", "{}", "~", "true", "'x'", "age", "time_in_state", "p_uptake",
    "qx", "qx(age)", "exp", "alive", "dead", "well", "course", "year", "cycle", "1 month", "0 years", "[a, b]",
    "{a: 1}", "- 1", "x: y", "#", ":", ",", "(", "1/0", "default", "life_years", "simpson", "é", "\t", "%", "*", "&a",
)  # fmt: skip
TOKEN = re.compile(r"[\w.]+|[^\w\s]")


def damaged(text: str, luck: random.Random) -> str:
    """Text with one thing wrong in it, most likely."""
    lines = text.splitlines(keepends=True)
    at = luck.randrange(len(lines))
    kind = luck.randrange(6)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(luck.randrange(len(lines)), lines[at])
    elif kind == 2:
        lines[at] = " " * luck.randrange(1, 4) + lines[at] if luck.random() < 0.5 else lines[at].removeprefix("  ")
    elif kind == 3:
        cut = luck.randrange(len(text))
        return text[:cut] + text[cut + 1 :]
    else:
        tokens = list(TOKEN.finditer(text))
        token = luck.choice(tokens)
        word = luck.choice(WORDS) if kind == 4 else luck.choice(tokens).group()
        return text[: token.start()] + word + text[token.end() :]
    return "".join(lines)


@pytest.mark.parametrize("block", range(10))
def test_damage(block, tmp_path):
    for seed in range(block * 20, block * 20 + 20):
        luck = random.Random(seed)
        files = dict(FILES)
        for _ in range(luck.choice((1, 1, 2))):
            name = luck.choice(list(files)[:-1] + ["model/model.yaml"] * 6)
            files[name] = damaged(files[name], luck)
        write_files(tmp_path, files)
        try:
            scenario = load_scenario(tmp_path / "configs" / "base.yaml")
            with scenario.locating():
                evaluate(scenario.model, settings=scenario.settings, base=scenario.overrides, options=scenario.choices)
        except InputError as error:
            assert error.problems
            for problem in error.problems:
                assert problem.place and problem.found, seed
                assert not re.search(r"Input should|\bNone\b|object at|Fraction\(", problem.found), (seed, problem)
        except Exception as error:  # noqa: BLE001 - the seed is what one needs to know
            raise AssertionError(f"seed {seed}: {error!r}") from error
