"""``wordkin train --model``: each model by its own defaults, and settings that it has not."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import wordkin as wk
from wordkin.cli import app
from wordkin.cli.models import Model, make_config
from wordkin.errors import ConfigError

TEXT = "the cat sat on the mat\na dog sat on a rug\n" * 60


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    return path


def run(*arguments):
    return CliRunner().invoke(app._make_app(), ["train", *map(str, arguments)])


@pytest.mark.parametrize("model", ["glove", "ppmi"])
def test_counting_models_are_trained_and_saved(text, tmp_path, model):
    target = tmp_path / "vectors.safetensors"
    done = run(
        text, "-o", target, "--model", model, "--vector-size", 4, "--count-memory", 2,
        "--temp-folder", tmp_path,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    vectors = wk.load(target)
    assert vectors.table.settings["config"]["window"] == {"glove": 10, "ppmi": 5}[model]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text.txt", target.name]


def test_a_share_of_cells_can_be_held_out(text, tmp_path):
    done = run(
        text, "-o", tmp_path / "v.safetensors", "--model", "glove", "--epochs", 3,
        "--validation", 0.3,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "validation" in done.output


def test_options_of_other_models_are_told():
    for settings, named in (({"negative": 5}, "negative"), ({"sample": 0.1}, "sample")):
        with pytest.raises(ConfigError, match=f"GloVe has no setting '{named}'"):
            make_config(Model.glove, settings)
    with pytest.raises(ConfigError, match="SkipGram has no setting 'x_max'"):
        make_config(Model.skipgram, {"x_max": 10.0})


@pytest.mark.parametrize("model", list(Model))
def test_each_model_has_its_defaults(model):
    config = make_config(model, {})
    assert config == type(config)()


def test_a_rate_below_the_last_one_lowers_that():
    assert make_config(Model.cbow, {"alpha": 1e-5}).min_alpha == 1e-5
    assert make_config(Model.glove, {"alpha": 0.02}).rates == (0.02, 0.02)
