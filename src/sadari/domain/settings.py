"""`domain.toml`, typed. Every field is read by something; an unknown one is an error."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from sadari.domain.forecast_settings import ForecastSettings
from sadari.domain.section import Section
from sadari.text.language import Language


class PriceSettings(Section):
    """Money per million tokens, for cost per 1,000 answers and break-even."""

    input_per_million: float = Field(ge=0)
    output_per_million: float = Field(ge=0)
    currency: str = "KRW"
    source: str = ""


def _template_word(name: str) -> str:
    if name in _SET_BY_SADARI:
        raise ValueError(f"{name!r} is set by sadari and cannot be told to a chat template")
    return name


_SET_BY_SADARI = frozenset(
    "self conversation messages tools documents chat_template add_generation_prompt tokenize "
    "continue_final_message sanitize_control_tokens padding truncation max_length return_tensors "
    "return_dict return_assistant_tokens_mask tokenizer_kwargs".split()
)
TemplateWord = Annotated[str, AfterValidator(_template_word)]


def _scalar(value: object) -> object:
    if not isinstance(value, bool | int | float | str):
        raise ValueError("must be true, false, a number or a text")
    return value


TemplateValue = Annotated[bool | int | float | str, BeforeValidator(_scalar)]


class ModelSettings(Section):
    """The base model, and whether anything may leave the machine."""

    base: str = "practice"
    url: str | None = None
    key_env: str | None = None
    dtype: Literal["float32", "bfloat16"] | None = None
    template_kwargs: dict[TemplateWord, TemplateValue] = Field(default_factory=dict)
    remote: bool = False
    price: PriceSettings | None = None


class PromptSettings(Section):
    """The prompt rung: its instruction, and how hard it is improved on the dev questions."""

    rules: tuple[str, ...] = ()
    glossary: bool = True
    candidates: int = Field(default=4, ge=1, le=64)


class RetrievalSettings(Section):
    """How documents are cut and found."""

    k: int = Field(default=3, ge=1, le=50)
    chunk_characters: int = Field(default=320, ge=50, le=20_000)
    passage_characters: int = Field(default=900, ge=100)
    embedder: str | None = None


class DataSettings(Section):
    """From documents and feedback to training records."""

    validation_share: float = Field(default=0.2, gt=0, lt=0.5)
    held_out_share: float = Field(default=0.3, ge=0, lt=1)
    variants: int = Field(default=2, ge=1, le=20)
    with_passages: float = Field(default=0.35, ge=0, le=1)
    refusals: float = Field(default=0.1, ge=0, le=1)
    redact: bool = True
    near_duplicates: float = Field(default=0.8, ge=0.5, le=1)
    augment: int = Field(default=0, ge=0, le=9)
    balance: float = Field(default=0, ge=0, le=1)
    added: int = Field(default=50_000, ge=0)
    seed: int = 0


Method = Literal["full", "lora", "qlora", "dora", "rslora", "adalora", "prompt", "prefix"]


Optim = Literal["adamw", "adamw_8bit", "paged_adamw_8bit"]


class TuningSettings(Section):
    """The adapter and its training; names and defaults follow PEFT and the field. A learning rate
    of None is the method's own."""

    method: Method = "lora"
    rank: int = Field(default=16, ge=1, le=512)
    alpha: float = Field(default=32, gt=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    targets: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    virtual_tokens: int = Field(default=20, ge=1, le=1000)
    learning_rate: float | None = Field(default=None, gt=0, lt=1)
    epochs: int = Field(default=3, ge=1, le=100)
    batch_examples: int = Field(default=4, ge=1)
    max_length: int = Field(default=1024, ge=16)
    anchor: float = Field(default=0, ge=0)
    rehearsal: float = Field(default=0, ge=0, le=0.9)
    general: str | None = None
    patience: int = Field(default=2, ge=1)
    warmup_share: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0, ge=0)
    max_gradient_norm: float = Field(default=1, gt=0)
    micro_batch_tokens: int = Field(default=2048, ge=16)
    recompute: bool = False
    optim: Optim = "adamw"
    save_every_steps: int = Field(default=50, ge=0)
    checkpoints_kept: int = Field(default=2, ge=1)
    per_hour: float | None = Field(default=None, ge=0)
    seeds: tuple[int, ...] = Field(default=(1, 2, 3), min_length=1)


class PreferenceSettings(Section):
    """What `tune --preference` learns from pairs and thumbs, after the tuning that it starts from.
    Without a rate it is a fortieth of that tuning's."""

    beta: float = Field(default=0.1, gt=0, le=10)
    learning_rate: float | None = Field(default=None, gt=0, lt=1)
    epochs: int = Field(default=1, ge=1, le=100)


class GateSettings(Section):
    """What a release must reach before it is promoted."""

    right: float = Field(default=0.0, ge=0, le=1)
    refusals_right: float = Field(default=0.0, ge=0, le=1)
    seconds_p95: float | None = Field(default=None, gt=0)
    forgetting: Annotated[float, Field(ge=0, le=1)] | Literal["off"] = 0.1


class AnswerSettings(Section):
    """How an answer is written."""

    max_tokens: int = Field(default=160, ge=1)


def _usable(name: str) -> str:
    if name != name.strip() or not name:
        raise ValueError("a task's name is empty or begins or ends with a blank")
    if name in RECORDS_OWN:
        raise ValueError(f"{name!r} is what sadari calls records of its own; name it otherwise")
    return name


RECORDS_OWN = frozenset(
    "feedback refusal dialogue synthetic heading definition attribute quantity interval remedy "
    "goal condition effect cause moment symptom".split()
)
TaskName = Annotated[str, AfterValidator(_usable)]


class DomainSettings(Section):
    """The whole of `domain.toml`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    name: str = Field(min_length=1)
    language: Language = "ko"
    persona: str = Field(min_length=1)
    refusal: str = Field(default="문서에서 찾을 수 없습니다.", min_length=1)
    target: float = Field(default=0.8, gt=0, le=1)
    tasks: dict[TaskName, str] = Field(default_factory=dict)
    models: ModelSettings = ModelSettings()
    prompt: PromptSettings = PromptSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    answer: AnswerSettings = AnswerSettings()
    data: DataSettings = DataSettings()
    tuning: TuningSettings = TuningSettings()
    preference: PreferenceSettings = PreferenceSettings()
    gates: GateSettings = GateSettings()
    forecast: ForecastSettings = ForecastSettings()
