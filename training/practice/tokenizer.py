"""The tokenizer: one token a syllable, digit and capital; merges only inside lower-case words and JSON.

Syllables are never merged, so that a name nobody has seen is as easy to copy as a usual word.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from training.practice.calls import call
from training.practice.mixture import sample
from training.practice.names import SYLLABLES
from training.practice.rows import Row
from training.practice.states import state

SPECIAL = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<tool_call>",
    "</tool_call>",
    "<tools>",
    "</tools>",
]
SYMBOLS = "℃°µμΩ㎡㎥Å±×÷→←↑↓≤≥≠…·•–—‘’“”「」『』※①②③④⑤αβγδλπσθ㎜㎝㎏ⅠⅡⅢ½²³"
JAMO = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎㅏㅑㅓㅕㅗㅛㅜㅠㅡㅣㄲㄸㅃㅆㅉㅐㅔ"
# A run of lower-case letters or of JSON marks may merge; every other character stands alone.
CHUNKS = r'[a-z]+|"[:,}\]] ?["{\[]?|\{"|\}\}+|[\s\S]'
TEMPLATE = """\
{%- if tools %}
<|im_start|>system
{% if messages[0].role == 'system' %}{{ messages[0].content }}

{% endif %}<tools>
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}</tools>
도구가 필요하면 <tool_call>
{"name": 이름, "arguments": 인자}
</tool_call> 형식으로 부르세요.<|im_end|>
{% elif messages[0].role == 'system' %}
<|im_start|>system
{{ messages[0].content }}<|im_end|>
{% endif %}
{%- for message in messages %}
{%- if message.role != 'system' or not loop.first %}
<|im_start|>{{ message.role }}
{{ message.content or '' }}
{%- for call in message.tool_calls or [] %}
{%- set call = call.function or call %}
<tool_call>
{"name": "{{ call.name }}", "arguments": {{ call.arguments if call.arguments is string else call.arguments | tojson }}}
</tool_call>
{%- endfor %}<|im_end|>
{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}
<|im_start|>assistant
{% endif %}
"""


def text_of(row: Row) -> Iterable[str]:
    yield row.prefix
    for branch in row.branches:
        yield "".join(piece.text for piece in branch.pieces)


def build(folder: Path, *, merges: int = 900, seed: int = 0) -> None:
    """Learn the merges from generated rows and write the tokenizer with its chat template."""
    from transformers import PreTrainedTokenizerFast

    rng = Random(seed)
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(CHUNKS), "isolated")
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    ascii_marks = [chr(code) for code in range(32, 127)]
    alphabet = list(dict.fromkeys([*SYLLABLES, *ascii_marks, *SYMBOLS, *JAMO, "\n", "\t"]))
    bytes_ = [f"<0x{value:02X}>" for value in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=len(SPECIAL) + len(bytes_) + len(alphabet) + merges,
        special_tokens=[*SPECIAL, *bytes_], initial_alphabet=alphabet, limit_alphabet=len(alphabet),
        min_frequency=20, show_progress=False,
    )  # fmt: skip
    rows = [
        *(sample(rng, 2) for _ in range(3000)),
        *(call(rng) for _ in range(3000)),
        *(state(rng) for _ in range(2000)),
    ]
    tokenizer.train_from_iterator((text for row in rows for text in text_of(row)), trainer)
    # The byte tokens were reserved through special_tokens; as plain vocabulary they fall back.
    import json

    saved = json.loads(tokenizer.to_str())
    saved["added_tokens"] = [
        token for token in saved["added_tokens"] if token["content"] in SPECIAL[:3]
    ]
    tokenizer = Tokenizer.from_str(json.dumps(saved))
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in SPECIAL[3:]])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>",
        bos_token=None, model_max_length=2048, clean_up_tokenization_spaces=False,
    )  # fmt: skip
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    print(f"{len(fast)} tokens in {folder}")


if __name__ == "__main__":
    build(Path("src/sadari/llm/practice"))
