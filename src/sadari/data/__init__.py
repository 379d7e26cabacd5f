"""From a domain folder to training records, every row accounted for."""

from sadari.data.formats import read_records, write_records
from sadari.data.prepare import prepare
from sadari.data.report import summarise
from sadari.data.split import pick_groups
from sadari.data.types import DataError, Dataset, Ledger, Record, SetAside, Step

__all__ = [
    "DataError",
    "Dataset",
    "Ledger",
    "Record",
    "SetAside",
    "Step",
    "pick_groups",
    "prepare",
    "read_records",
    "summarise",
    "write_records",
]
