"""Sample data made and taken away by a worker, while the page that asked for it tells how far it is."""

from __future__ import annotations

from filon.core import access
from filon.core.access import SYSTEM, Actor
from filon.core.jobs import JobContext
from filon.core.models import User
from filon.demo import commands


def make(job: JobContext) -> None:
    """Fill the workspace; begun anew when the worker before this one was killed."""
    for step in commands.make_sample(by=_author(job), at=job.at, adds=bool(job.arguments.get("adds")), job_id=job.id):
        job.progress(step.done, step.total)


def clear(job: JobContext) -> None:
    """Take the sample data away."""
    if commands.sample() is None:
        return  # a worker before this one has done it and died before it could say so
    for step in commands.clear_sample(by=_author(job), at=job.at, job_id=job.id):
        job.progress(step.done, step.total)


def _author(job: JobContext) -> Actor:
    user = User.objects.filter(pk=job.arguments.get("user_id") or 0).first()
    return access.of_user(user) if user else SYSTEM
