"""What scores do when an import is taken back."""

from __future__ import annotations

from datetime import datetime

from filon.scoring import rescoring


def give_back(import_id: int, *, at: datetime) -> None:
    """Have the leads that an import touched and did not make judged anew by a job. One statement."""
    rescoring.rescore_after_import(import_id, at=at)
