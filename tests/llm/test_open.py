"""From a name to a model, and everything that can be wrong with the name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from sadari.llm import ModelError, ModelSpec, identify, open_model
from sadari.llm.local import LocalModel
from sadari.llm.remote import RemoteModel
from sadari.llm.weights import digest, resolve


@pytest.fixture
def copy(folders: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(folders["llama"], tmp_path / "copy"))


def test_a_folder_opens(folders: dict[str, Path]) -> None:
    model = open_model(ModelSpec(str(folders["llama"])))
    assert isinstance(model, LocalModel)
    assert model.info.context_length == 1024
    assert not model.info.remote
    assert model.model.dtype == torch.float32
    model.close()


def test_a_model_is_known_without_its_weights(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promoting a release of a large model does not load it."""
    model = open_model(ModelSpec(str(folders["llama"])))
    assert isinstance(model, LocalModel)
    model.close()
    monkeypatch.setattr(LocalModel, "__init__", None)
    assert identify(ModelSpec(str(folders["llama"]))) == model.info


def test_a_dtype_can_be_chosen(folders: dict[str, Path]) -> None:
    model = open_model(ModelSpec(str(folders["llama"]), dtype="bfloat16"))
    assert isinstance(model, LocalModel)
    assert model.model.dtype == torch.bfloat16
    model.close()
    with pytest.raises(ModelError, match="dtype int4 is unknown"):
        open_model(ModelSpec(str(folders["llama"]), dtype="int4"))


def test_a_closed_domain_refuses_an_endpoint() -> None:
    spec = ModelSpec("gpt", url="http://127.0.0.1:9/v1")
    with pytest.raises(ModelError, match="this domain is closed"):
        open_model(spec, allow_remote=False)
    with pytest.raises(ModelError, match="this domain is closed"):
        identify(spec)
    assert isinstance(open_model(spec, allow_remote=True), RemoteModel)


@pytest.mark.parametrize("config", ["{}", '{"model_type": "nosuch"}'])
def test_a_configuration_of_nothing_known_is_a_sentence(copy: Path, config: str) -> None:
    (copy / "config.json").write_text(config)
    with pytest.raises(ModelError, match="is no configuration that Transformers knows"):
        identify(ModelSpec(str(copy)))


def test_a_missing_folder_is_a_sentence() -> None:
    with pytest.raises(ModelError, match=r"no folder \./nowhere"):
        resolve("./nowhere")


def test_a_hub_name_without_network_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="Check the name and the network"):
        resolve("nobody/no-such-model")


def test_pickles_are_never_read(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    torch.save({}, copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"holds no \*\.safetensors"):
        resolve(str(copy))


def test_a_folder_that_is_no_model_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no config\.json"):
        resolve(str(tmp_path))


def test_the_digest_names_what_answers_not_where_it_lies(
    folders: dict[str, Path], copy: Path
) -> None:
    original = digest(folders["llama"])
    assert digest(copy) == original
    (copy / "notes.md").write_text("anything")
    assert digest(copy) == original
    template = copy / "chat_template.jinja"
    template.write_text(template.read_text() + " ")
    assert digest(copy) != original


def test_importing_loads_nothing_heavy() -> None:
    """PREVENT 19, and the half second that `import sadari` may take."""
    code = "import sys, sadari.llm; print({'torch', 'transformers', 'httpx'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "set()"
