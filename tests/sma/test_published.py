"""Published results of the shipped models."""

from pathlib import Path

import pytest

import nbsmodel

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.mark.parametrize("name", ["broekhoff2021_nl", "ecrd2020_us", "uk"])
def test_nothing_differs(name):
    table = nbsmodel.reproduce(MODELS / "sma" / name)
    wrong = table[table["verdict"].str.startswith("differs")]
    assert wrong.empty, wrong[["quantity", "published", "ours", "verdict"]].to_string()


def test_broekhoff_targets_are_all_there():
    table = nbsmodel.reproduce(MODELS / "sma" / "broekhoff2021_nl").set_index("quantity")
    assert len(table) >= 12 * 2 * 3 + 12 + 9
    ratios = table[table.index.str.contains("ICER")]
    assert (ratios["published"] == 138875).sum() == 1
    assert (ratios["published"] == 53447).sum() == 1


def test_model_folders_stand_alone(tmp_path):
    """A mailed folder runs wherever nbsmodel is installed."""
    import shutil

    copied = tmp_path / "mailed" / "model"
    shutil.copytree(MODELS / "sma" / "broekhoff2021_nl", copied)
    result = nbsmodel.evaluate(nbsmodel.load_model(copied))
    assert result.total("cost", "bsc")[0] == pytest.approx(928741.4768, rel=1e-9)
