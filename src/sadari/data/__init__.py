"""From whatever a company has to records worth training on, every row accounted for."""

from sadari.data.added import records_folder
from sadari.data.formats import read_records, write_records
from sadari.data.ledger import write_dataset, write_ledger
from sadari.data.prepare import collect, prepare, prepare_in
from sadari.data.quality import Check, Quality, assess
from sadari.data.report import summarise, write_page
from sadari.data.split import pick_groups
from sadari.data.types import DataError, Dataset, Ledger, Record, SetAside, Step

__all__ = [
    "Check",
    "DataError",
    "Dataset",
    "Ledger",
    "Quality",
    "Record",
    "SetAside",
    "Step",
    "assess",
    "collect",
    "pick_groups",
    "prepare",
    "prepare_in",
    "read_records",
    "records_folder",
    "summarise",
    "write_dataset",
    "write_ledger",
    "write_page",
    "write_records",
]
