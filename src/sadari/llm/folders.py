"""What files of a model and of an adapter are called, by Transformers, by PEFT and by us."""

MODEL_CONFIG = "config.json"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
BASE_CARD = "base.json"
"""Which base an adapter belongs to, and how it answered a canary prompt over it."""
TUNING = "tuning.json"
"""How a tuning went. Written last by who trains: a folder that holds it is finished."""
