"""`diff` with saved models: what it answers, and archives that are damaged or hostile."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.comparing.saving import forgetting, rewrite, save

keras = pytest.importorskip("keras")

forget = pytest.fixture(autouse=True)(forgetting)


def refused(cli: Cli, path: Path) -> str:
    ran = cli("diff", path, path)
    assert ran.status == 2
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    return ran.err


def test_what_is_no_archive_is_refused(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.keras"
    assert "cannot be read as a saved model: no such file or directory" in refused(cli, path)
    path.write_bytes(b"")
    assert "no `.keras` file" in refused(cli, path)
    whole = save("Input(8) -> Dense(4)", tmp_path / "b.keras").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "no `.keras` file, or a damaged one" in refused(cli, path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.json", "{}")
    assert "holds no config.json" in refused(cli, path)
    for text in ("[1, 2", "[" * 100_000, "\xff"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", text)
        assert "not JSON" in refused(cli, path)
    for text in ("{}", "3", "[]", '{"class_name": "Functional", "config": {}, "module": "keras"}'):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", text)
        assert "cannot be read as a saved model" in refused(cli, path)


def test_no_code_of_others_is_run(cli: Cli, tmp_path: Path) -> None:
    path = save("Input(8) -> Dense(4) -> ReLU", tmp_path / "a.keras")
    marker = tmp_path / "ran"
    (tmp_path / "evil.py").write_text(f"open({str(marker)!r}, 'w')\nclass Dense: pass\n")
    rewrite(path, lambda text: text.replace('"module": "keras.layers", "class_name": "Dense"',
                                            '"module": "evil", "class_name": "Dense"'))  # fmt: skip
    assert "neither Keras's nor ours: `evil.Dense`" in refused(cli, path)
    assert not marker.exists()

    function = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x + 1)])
    function.save(path)
    assert "holds code" in refused(cli, path)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_models_without_known_layers_are_refused_by_name(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.keras"
    keras.Sequential([keras.layers.Dense(3)]).save(path)
    assert "its layers are not connected" in refused(cli, path)

    @keras.saving.register_keras_serializable(package="mine")
    class Twice(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: object) -> object:
            return x

    keras.Sequential([keras.Input((8,)), Twice()]).save(path)
    assert "neither Keras's nor ours: `mine>Twice`" in refused(cli, path)


def test_a_wild_description_is_refused_in_a_line(cli: Cli, tmp_path: Path) -> None:
    path = save("Input(8, 8, 3) -> Conv(4, 3) -> FC(2)", tmp_path / "a.keras")
    for old, new in (
        ('"filters": 4', '"filters": "many"'), ('"filters": 4', '"filters": -4'), ("[3, 3]", "[9, 9]"),
        ('"class_name": "Conv2D"', '"class_name": "Conv9D"'), ('"conv", 0, 0', '"nowhere", 0, 0'),
        ('"class_name": "Functional"', '"class_name": "Dense"'),
    ):  # fmt: skip
        before = path.read_bytes()
        rewrite(path, lambda text, old=old, new=new: text.replace(old, new))  # type: ignore[misc]
        assert "cannot be read as a saved model" in refused(cli, path), new
        path.write_bytes(before)


# The command.


def test_the_command_takes_a_spec_and_a_saved_model(cli: Cli, tmp_path: Path) -> None:
    spec = tmp_path / "net.nn"
    spec.write_text("param n = 4\nInput(8) -> Dense(n) -> ReLU -> FC(2)\n")
    path = str(save(spec.read_text(), tmp_path / "net.keras"))
    same = cli("diff", path, spec)
    assert (same.status, same.err) == (0, "")
    assert "are the same network: 46 params, 40 MACs, 3 layers" in same.out
    other = cli("diff", path, spec, "-p", "n=5")
    assert other.status == 1
    assert "~ Dense: units 4 → 5" in other.out
    assert "line 2" in other.out
    document = json.loads(cli("diff", spec, path, "--format", "json").out)
    assert document["same"] is True
    assert document["files"][1] == {"path": path, "ok": True, "models": [], "diagnostics": []}
    assert "options are for specs" in cli("diff", path, path, "-p", "n=5").err
