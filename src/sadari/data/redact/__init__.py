"""Personal data out of text: Korean identifiers with their check digits, phones, accounts, cards,
e-mail addresses, names in context, addresses. Each becomes a stable placeholder; what it stood for
stays in a local file, so that `restore` gives the text back exactly."""

from sadari.data.redact.files import FileRedactor
from sadari.data.redact.find import find
from sadari.data.redact.redact import (
    Redacted,
    redact,
    redact_records,
    restore,
    restore_records,
)
from sadari.data.redact.span import KINDS, Kind, Span
from sadari.data.redact.vault import Vault, vault_path

__all__ = [
    "KINDS",
    "FileRedactor",
    "Kind",
    "Redacted",
    "Span",
    "Vault",
    "find",
    "redact",
    "redact_records",
    "restore",
    "restore_records",
    "vault_path",
]
