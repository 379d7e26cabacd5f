"""The climb from prompt to tuning: rungs measured in order, judged, and reported."""

from sadari.ladder.climb import RUNGS, Climb, climb
from sadari.ladder.dispute import Dispute, judge_answer, open_dispute
from sadari.ladder.judgement import Judgement, Verdict
from sadari.ladder.report import write_report
from sadari.ladder.single import evaluate_one, read_scores, scores_of
from sadari.ladder.table import as_dict, render_table
from sadari.ladder.types import LadderError, Rung, Training
from sadari.ladder.verdict import judge

__all__ = [
    "RUNGS",
    "Climb",
    "Dispute",
    "Judgement",
    "LadderError",
    "Rung",
    "Training",
    "Verdict",
    "as_dict",
    "climb",
    "evaluate_one",
    "judge",
    "judge_answer",
    "open_dispute",
    "read_scores",
    "render_table",
    "scores_of",
    "write_report",
]
