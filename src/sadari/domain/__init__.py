"""The user's folder, read and checked: documents, dialogues, feedback, exam questions, settings."""

from sadari.domain.dialogue import Session, split_state, with_state
from sadari.domain.document import Document, Feedback, Term
from sadari.domain.domain import Domain, check_domain, read_domain
from sadari.domain.message import Message, Role, ToolCall
from sadari.domain.problem import DomainError, Problem, Problems
from sadari.domain.question import AnyOf, DocumentId, Key, Kind, Number, Question, Split
from sadari.domain.settings import DomainSettings

__all__ = [
    "AnyOf",
    "Document",
    "DocumentId",
    "Domain",
    "DomainError",
    "DomainSettings",
    "Feedback",
    "Key",
    "Kind",
    "Message",
    "Number",
    "Problem",
    "Problems",
    "Question",
    "Role",
    "Session",
    "Split",
    "Term",
    "ToolCall",
    "check_domain",
    "read_domain",
    "split_state",
    "with_state",
]
