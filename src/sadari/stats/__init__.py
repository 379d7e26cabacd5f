"""Intervals and tests: how sure a measurement is, and how much more would make it surer.

Everything here works on plain numbers, with clusters where answers hang together: a share with
its interval, a paired difference with its test, the number of questions that a verdict still
needs, and a confidence sequence for those who must look more than once.
"""

from sadari.stats.agreement import Agreement, agreement, weighed_share
from sadari.stats.interval import Interval, StatisticsError, share_interval, wilson
from sadari.stats.paired import (
    bca_paired,
    design_effect,
    holm,
    mcnemar_midp,
    newcombe_paired,
    sign_flip,
)
from sadari.stats.power import questions_needed, smallest_visible_difference
from sadari.stats.seeds import interval_over_seeds, p_over_seeds
from sadari.stats.sequence import ConfidenceSequence, confidence_sequence

__all__ = [
    "Agreement",
    "ConfidenceSequence",
    "Interval",
    "StatisticsError",
    "agreement",
    "bca_paired",
    "confidence_sequence",
    "design_effect",
    "holm",
    "interval_over_seeds",
    "mcnemar_midp",
    "newcombe_paired",
    "p_over_seeds",
    "questions_needed",
    "share_interval",
    "sign_flip",
    "smallest_visible_difference",
    "weighed_share",
    "wilson",
]
