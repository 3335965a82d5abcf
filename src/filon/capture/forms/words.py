"""The words of forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FIELDS: Final[Mapping[str, str | Promise]] = {
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "email": _("Work e-mail"),
    "phone": _("Telephone"),
    "job_title": _("Job title"),
    "company.name": _("Your company"),
    "company.employees": _("Number of employees"),
    "city": _("City"),
    "message": _("Your message"),
}
"""What standard fields are called on a form that gives them no words of its own."""

KINDS: Final[Mapping[str, str | Promise]] = {
    "text": _("A line of text"),
    "long": _("Several lines"),
    "choice": _("One of some answers"),
    "yes_no": _("Yes or no"),
}
"""How questions of one's own are answered."""
