"""Tiny random language models that are real in every other way: weights in safetensors, a
tokenizer with byte fallback, a ChatML template with tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

SYLLABLES = (
    "가각간갈감갑값강개거건걸검것게겨결경계고공과관구국그기까나난날남내너네노는니다단달당대도동되된두드는들때라러력로록를름리마막만말면명모목무문물미바반발방배버법변"
    "보본부분비사산상새생서선설성세소속수순스습시식신실아안알압약양어언업에여연열영예오온외요용우운원위유으은을음의이인일입있자작장재저적전절정제조종주준중증지진질집"
    "차처체초추치크키타터테토통트특파퍼펌평포표품프하한할합해행현형호화확환황회후히"
)
TEMPLATE = """\
{%- if tools %}<|im_start|>system
{% if messages[0].role == 'system' %}{{ messages[0].content }}

{% endif %}<tools>
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
</tools><|im_end|>
{% elif messages[0].role == 'system' %}<|im_start|>system
{{ messages[0].content }}<|im_end|>
{% endif %}
{%- for message in messages %}
{%- if message.role != 'system' %}<|im_start|>{{ message.role }}
{{ message.content }}
{%- for call in message.tool_calls or [] %}<tool_call>
{{ call.function | tojson }}
</tool_call>
{%- endfor %}<|im_end|>
{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
THINKING_TEMPLATE = """\
{%- for message in messages %}<|im_start|>{{ message.role }}
{% if message.role == 'assistant' and loop.last %}<think>

</think>

{% endif %}{{ message.content }}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

Shape = Literal["llama", "qwen2", "qwen3", "mistral"]


def tiny_tokenizer(template: str | None = TEMPLATE) -> Any:
    """Syllables, ASCII, and bytes for every other character; no merges."""
    from tokenizers import AddedToken, Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    characters = [chr(code) for code in range(32, 127)] + ["\n", *dict.fromkeys(SYLLABLES)]
    pieces = [*special, *(f"<0x{byte:02X}>" for byte in range(256)), *characters]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], byte_fallback=True))
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    fast.chat_template = template
    return fast


def tiny_model(
    folder: Path,
    shape: Shape = "llama",
    *,
    width: int = 64,
    layers: int = 2,
    seed: int = 0,
    positions: int = 1024,
    talkative: bool = False,
) -> Path:
    """Writes a random model of a standard architecture with a tokenizer; returns the folder.
    A `talkative` one never ends its answer by itself."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = tiny_tokenizer()
    extra: dict[str, Any] = {}
    if shape in ("qwen2", "qwen3"):
        extra["layer_types"] = ["full_attention"] * layers
    elif shape == "mistral":
        extra["sliding_window"] = 16
    config = AutoConfig.for_model(
        shape,
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4 if shape == "llama" else 2,
        head_dim=width // 4,
        max_position_embeddings=positions,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **extra,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config)
        with torch.no_grad():  # far enough from zero that greedy choices are not near ties
            for name, weight in model.named_parameters():
                if weight.dim() > 1:
                    weight.normal_(0, 0.5 if "embed" in name else 1.5 / weight.shape[1] ** 0.5)
            if talkative:
                model.get_input_embeddings().weight[tokenizer.eos_token_id] = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_adapter(folder: Path, base: Path, *, seed: int = 1, scale: float = 0.5) -> Path:
    """Writes a random LoRA adapter for the model in `base`; returns its folder."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj", "down_proj"])
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        tuned = get_peft_model(model, config)
        with torch.no_grad():
            for name, weight in tuned.named_parameters():
                if "lora_B" in name:
                    weight.normal_(0, scale)
    tuned.save_pretrained(folder)
    return folder
