"""The tuning story, from records to a tested adapter."""

from sadari.jobs.tune import Job, Tuned, check_resumable, plan, tune_all, tune_settings
from sadari.jobs.types import JobError

__all__ = ["Job", "JobError", "Tuned", "check_resumable", "plan", "tune_all", "tune_settings"]
