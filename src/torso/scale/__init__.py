"""Batch jobs over files: tasks over more rows than one call should hold, each row once, going on where they stopped.

A job is cut into slices; one slice is one output file, which appears whole or not at all. Names load when they are
first used.
"""

from torso.io.lazy_names import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "torso.scale.job": ("Job",),
        "torso.scale.running": ("Report", "run"),
        "torso.scale.progress_report": ("Status", "check_job", "job_status"),
        "torso.scale.worker": ("Worker", "batches"),
    },
)
