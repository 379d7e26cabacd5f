"""Training data in the formats of others, read and written without loss: question and answer,
OpenAI, Alpaca, ShareGPT, preference pairs, KTO, sessions with states, Hugging Face `datasets`, CSV
chat logs, a query on a database. Rows that are no example are counted, with place and reason."""

from sadari.data.formats.chat import (
    read_records,
    record_from_json,
    record_to_json,
    write_records,
)
from sadari.data.formats.convert import (
    Account,
    Source,
    export_records,
    import_records,
    stream_records,
)
from sadari.data.formats.known import FORMATS, NAMES, format_of

__all__ = [
    "FORMATS",
    "NAMES",
    "Account",
    "Source",
    "export_records",
    "format_of",
    "import_records",
    "read_records",
    "record_from_json",
    "record_to_json",
    "stream_records",
    "write_records",
]
