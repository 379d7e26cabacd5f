"""What leaves the house: adapters, merged models, files for other servers; nothing of training."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest
import torch

from sadari.jobs import JobError
from sadari.jobs.export import Naming, export, strip_folder
from sadari.jobs.merging import adapter_config, difference
from sadari.jobs.modelfile import go_template, modelfile, turns_of, vllm_command
from sadari.llm.adapters import AdapterCard
from sadari.llm.weights import load_model
from tests.tiny import TEMPLATE, THINKING_TEMPLATE, tiny_adapter, tiny_model, tiny_tokenizer


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    folder = tiny_adapter(tmp_path_factory.mktemp("tuned") / "adapter", tiny)
    (folder / "README.md").write_text("# A card\n", encoding="utf-8")
    (folder / "log.jsonl").write_text("{}\n", encoding="utf-8")
    return folder


def test_a_merge_is_the_sum_and_says_what_it_moves(
    adapter: Path, tiny: Path, tmp_path: Path
) -> None:
    """PREVENT 7: in bfloat16, compared with the adapter, and the difference is kept."""
    out = tmp_path / "merged"
    done = export(adapter, out, Naming("shop", scores={"tuned": "41 %"}), merged=True)
    merged, plain = load_model(out, "float32"), load_model(tiny, "float32")
    layer = merged.model.layers[0]
    assert not torch.equal(
        layer.self_attn.q_proj.weight, plain.model.layers[0].self_attn.q_proj.weight
    )
    assert torch.equal(
        layer.self_attn.k_proj.weight,
        plain.model.layers[0].self_attn.k_proj.weight.bfloat16().float(),
    )
    assert set(done.differences) == {"served", "rounded"}
    for one in done.differences.values():
        assert one.tokens > 100
        assert 0 < one.mean < one.largest < 5
        assert one.changed < 0.2
    kept = json.loads((out / "export.json").read_text())
    assert kept["differences"]["served"]["mean"] == done.differences["served"].mean
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "# A card" in card
    assert "| tuned | 41 % |" in card
    assert str(done.differences["served"]) in card
    assert "adapter_config.json" not in done.files
    assert len({path.stat().st_mode for path in out.iterdir()}) == 1
    assert done.command == f"vllm serve {out} --served-model-name shop --dtype bfloat16"


def test_four_bits_are_smaller_and_say_what_they_move(
    adapter: Path, tiny: Path, tmp_path: Path
) -> None:
    from bitsandbytes.nn import Linear4bit

    whole = export(adapter, tmp_path / "whole", merged=True)
    done = export(adapter, tmp_path / "small", merged=True, four_bits=True)
    quantised = load_model(done.folder, "bfloat16")
    kinds = {type(layer.mlp.up_proj) for layer in quantised.model.layers}
    assert kinds == {Linear4bit}
    assert quantised.config.use_cache
    exact, small = whole.differences["served"], done.differences["served"]
    assert exact.mean < small.mean < 10 * exact.mean + 1
    assert small.tokens == exact.tokens
    layers = [
        sum(p.stat().st_size for p in f.glob("*.safetensors")) for f in (whole.folder, done.folder)
    ]
    assert layers[1] < layers[0]
    assert str(small) in (done.folder / "README.md").read_text(encoding="utf-8")
    assert not list(done.folder.glob("four-bits"))
    assert len({path.stat().st_mode for path in done.folder.iterdir()}) == 1


def test_four_bits_are_ollamas_own_work_and_no_adapters(adapter: Path, tmp_path: Path) -> None:
    done = export(
        adapter, tmp_path / "o", Naming("shop"), merged=True, four_bits=True, server="ollama"
    )
    assert "ollama create shop --quantize q4_K_M -f Modelfile" in done.command
    assert "quantization_config" not in (done.folder / "config.json").read_text()
    with pytest.raises(JobError, match="merged are written in four bits"):
        export(adapter, tmp_path / "p", four_bits=True)


def test_the_difference_of_logits() -> None:
    one = [torch.tensor([[0.0, 1.0], [3.0, 1.0]])]
    other = [torch.tensor([[2.0, 1.0], [3.0, 1.0]])]
    found = difference(one, other)
    assert (found.tokens, found.largest, found.mean, found.changed) == (2, 2.0, 0.5, 0.5)


def test_an_adapter_alone(adapter: Path, tiny: Path, tmp_path: Path) -> None:
    done = export(adapter, tmp_path / "alone", Naming("shop", str(tiny)))
    assert "log.jsonl" not in done.files
    assert {"adapter_model.safetensors", "tokenizer.json"} <= set(done.files)
    assert done.command == (
        f"vllm serve {tiny} --enable-lora --max-lora-rank 8 --lora-modules shop={tmp_path}/alone"
    )
    with pytest.raises(JobError, match="not empty"):
        export(adapter, tmp_path / "alone", Naming("shop"))


def test_an_adapter_of_another_base_is_refused(adapter: Path, tmp_path: Path, tiny: Path) -> None:
    """PREVENT 12."""
    other = tiny_model(tmp_path / "other", seed=3)
    AdapterCard("0" * 64, (1,), {1: 0.0}).write(adapter)
    try:
        with pytest.raises(JobError, match="another base than other"):
            export(adapter, tmp_path / "out", Naming(base=str(other)))
    finally:
        (adapter / "base.json").unlink()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"peft_type": "LORA", "r": 8, "use_dora": True}, "this one is DoRA"),
        ({"peft_type": "ADALORA", "r": 8}, "this one is ADALORA"),
        ({"peft_type": "LORA", "r": 513}, "up to rank 512"),
    ],
)
def test_what_vllm_does_not_serve_is_said(config: dict[str, object], sentence: str) -> None:
    with pytest.raises(JobError, match=sentence):
        vllm_command(Path("x"), "shop", base="b", config=config)


def test_no_adapter_at_all(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="This is no adapter"):
        adapter_config(tmp_path)


def test_a_modelfile_says_the_chat_template(adapter: Path, tmp_path: Path) -> None:
    done = export(adapter, tmp_path / "o", Naming("shop", system="짧게 답하세요."), server="ollama")
    text = (tmp_path / "o" / "Modelfile").read_text(encoding="utf-8")
    assert text.startswith("FROM /")
    assert "\nADAPTER .\n" in text
    assert 'SYSTEM """짧게 답하세요."""' in text
    assert 'PARAMETER stop "<|im_end|>"' in text
    assert done.command.startswith(f"cd {tmp_path}/o && ollama create shop -f Modelfile")


def test_a_persona_that_would_end_a_modelfiles_text_is_refused(
    adapter: Path, tmp_path: Path
) -> None:
    with pytest.raises(JobError, match='hold """'):
        export(adapter, tmp_path / "o", Naming(system='그는 """인용""" 했다.'), server="ollama")
    assert not (tmp_path / "o").exists()


def test_the_turns_put_together_are_what_the_template_writes() -> None:
    tokenizer = tiny_tokenizer()
    found = turns_of(tokenizer)
    assert found is not None
    turns, asks = found
    talk = [("system", "가"), ("user", "나"), ("assistant", "다"), ("user", "라")]
    told = "".join(turns[role][0] + said + turns[role][1] for role, said in talk) + asks
    messages = [{"role": role, "content": said} for role, said in talk]
    assert told == tokenizer.apply_chat_template(
        messages, tokenize=False, add_generation_prompt=True
    )
    assert '{{ else if eq .Role "user" }}<|im_start|>user\n{{ .Content }}' in (
        go_template(tokenizer) or ""
    )


def test_what_the_template_was_told_stands_in_the_modelfile() -> None:
    quiet = "{% if add_generation_prompt and not think %}<think></think>{% endif %}"
    tokenizer = tiny_tokenizer(TEMPLATE + quiet.replace("not think", "think is false"))
    assert "<think></think>" not in (go_template(tokenizer) or "")
    assert (go_template(tokenizer, {"think": False}) or "").endswith("<think></think>")


def test_a_template_that_rewrites_turns_is_left_to_ollama(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tokenizer = tiny_tokenizer(THINKING_TEMPLATE)
    assert turns_of(tokenizer) is None
    text = modelfile(tokenizer, start=".", adapter=False, context_length=64)
    assert "TEMPLATE" not in text
    assert "ollama show --template" in caplog.text
    assert "PARAMETER num_ctx 64" in text


def test_checkpoints_of_other_trainers_lose_their_training_state(
    tiny: Path, tmp_path: Path
) -> None:
    """A real checkpoint of Transformers' trainer, which TRL's are too; its weights still load."""
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import Trainer, TrainingArguments

    adapted = get_peft_model(load_model(tiny), LoraConfig(r=2, target_modules=["q_proj"]))
    arguments = TrainingArguments(
        output_dir=str(tmp_path), max_steps=1, save_steps=1, report_to="none", disable_tqdm=True
    )
    rows = [{"input_ids": [5, 6, 7], "labels": [5, 6, 7]}] * 2
    Trainer(adapted, arguments, train_dataset=rows).train()
    place = tmp_path / "checkpoint-1"
    before = sum(path.stat().st_size for path in place.rglob("*"))
    removed = dict(strip_folder(tmp_path))
    assert {"optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"} <= {
        path.name for path in removed
    }
    assert sum(path.stat().st_size for path in place.rglob("*")) == before - sum(removed.values())
    assert not [path for path in place.iterdir() if path.suffix in (".pt", ".pth", ".bin")]
    PeftModel.from_pretrained(load_model(tiny), str(place))
    assert strip_folder(tmp_path) == []


def test_a_folder_without_weights_is_not_stripped(tmp_path: Path) -> None:
    (tmp_path / "checkpoints" / "step-1").mkdir(parents=True)
    with pytest.raises(JobError, match="no weights here"):
        strip_folder(tmp_path)
    assert (tmp_path / "checkpoints" / "step-1").is_dir()


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ({"base_model_name_or_path": None}, "its base_model_name_or_path is None"),
        ({"peft_type": None}, "its peft_type is None"),
        ({"r": "wide"}, "its r is 'wide'"),
    ],
)
def test_a_configuration_that_lacks_something(
    adapter: Path, tmp_path: Path, named: dict[str, object], sentence: str
) -> None:
    broken = shutil.copytree(adapter, tmp_path / "broken")
    path = broken / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | named))
    with pytest.raises(JobError, match=sentence):
        export(broken, tmp_path / "out")
    path.write_text("[]")
    with pytest.raises(JobError, match="This is no adapter"):
        export(broken, tmp_path / "out")


def test_weights_that_are_a_pickle_or_not_whole(adapter: Path, tmp_path: Path) -> None:
    """An export without weights would be served as the bare base."""
    broken = shutil.copytree(adapter, tmp_path / "broken")
    weights = broken / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(JobError, match="weights cannot be read"):
        export(broken, tmp_path / "out", merged=True)
    weights.rename(broken / "adapter_model.bin")
    with pytest.raises(JobError, match="other formats can run code"):
        export(broken, tmp_path / "out")


def test_what_fails_half_way_leaves_nothing(adapter: Path, tmp_path: Path, tiny: Path) -> None:
    other = tiny_model(tmp_path / "other", width=32)
    with pytest.raises(JobError, match="does not fit this base: size mismatch"):
        export(adapter, tmp_path / "out", Naming(base=str(other)), merged=True)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_a_file_is_no_folder_to_export_to(adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="This is a file"):
        export(adapter, tmp_path / "file")


def test_a_command_quotes_its_paths(adapter: Path, tmp_path: Path) -> None:
    done = export(adapter, tmp_path / "a b", Naming("my shop"), server="ollama")
    assert shlex.split(done.command)[1] == str(tmp_path / "a b")
    assert "ollama create 'my shop' -f Modelfile" in done.command
