"""The scripts that print figures: each has a short form, and takes nothing that is not there."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
SCRIPTS = sorted(FOLDER.glob("*.py"))


@pytest.fixture(scope="module")
def everything():
    """The script that runs all others."""
    sys.path.insert(0, str(FOLDER))
    spec = importlib.util.spec_from_file_location("benchmarks_all", FOLDER / "all.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(FOLDER))


def test_each_script_has_a_short_form_with_options_that_it_knows(everything):
    there = {path.stem for path in SCRIPTS if path.name not in everything.HELPERS}
    assert set(everything.SHORT) == there
    for name, words in everything.SHORT.items():
        source = (FOLDER / f"{name}.py").read_text("utf-8")
        known = set(re.findall(r'add_argument\(\s*"(--[a-z-]+)"', source))
        assert set(re.findall(r"--[a-z-]+", words)) <= known, name


def test_what_can_not_run_says_why(everything, tmp_path):
    places = everything.prepare(tmp_path, tmp_path)
    assert "text" not in places
    assert everything.run("kernels", places, 1)[0] == "not run: no text here"
    assert everything.run("languages", places, 1)[0] == "not run: no lang here"
    places["glove"] = str(tmp_path / "build")
    assert everything.run("glove", places | {"text": "x"}, 1)[0] == "not run: no eval here"


def test_a_script_that_breaks_or_takes_too_long_is_told(everything, tmp_path, monkeypatch):
    monkeypatch.setattr(everything, "HERE", tmp_path)
    monkeypatch.setattr(
        everything, "SHORT", dict.fromkeys(("broken", "slow", "good", "alone"), "x")
    )
    (tmp_path / "alone.py").write_text("import no_such_peer")
    (tmp_path / "broken.py").write_text("print('| a |'); raise SystemExit('no | peer')")
    (tmp_path / "slow.py").write_text("import time; time.sleep(60)")
    (tmp_path / "good.py").write_text("print('machine\\n| a |\\n|---|\\n| 1 |')")
    assert everything.run("broken", {"x": ""}, 60)[::2] == ("failed: no / peer", "| a |\n")
    assert everything.run("slow", {"x": ""}, 1)[0] == "broken off after 1 s"
    told = "not run: ModuleNotFoundError: No module named 'no_such_peer'"
    assert everything.run("alone", {"x": ""}, 60)[0] == told
    done, _, printed = everything.run("good", {"x": ""}, 60)
    assert (done, printed) == ("done", "```\nmachine\n```\n\n| a |\n|---|\n| 1 |\n")


def test_one_page_has_it_all(tmp_path):
    out = tmp_path / "out.md"
    command = [sys.executable, str(FOLDER / "all.py"), str(out), "--only", "kernels,glove"]
    subprocess.run([*command, "--data", str(tmp_path)], check=True, capture_output=True)
    page = out.read_text("utf-8")
    assert "| `kernels.py` | not run: no text here" in page
    assert re.search(r"sgemm, all threads: \d+ GFLOP/s", page)
    assert "Python 3." in page


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_what_scripts_take_from_each_other_is_there(path):
    others = {other.stem: other for other in SCRIPTS}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module in others:
            there = ast.parse(others[node.module].read_text("utf-8"))
            defined = {each.name for each in there.body if isinstance(each, ast.FunctionDef)}
            for each in there.body:
                if isinstance(each, ast.Assign):
                    defined |= {target.id for target in each.targets if hasattr(target, "id")}
            assert {name.name for name in node.names} <= defined, node.module
