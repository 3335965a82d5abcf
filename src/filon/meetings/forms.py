"""The form of a booking page, and what a guest fills in."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from filon.meetings.commands import Draft, Guest
from filon.meetings.models import KIND_LABELS, KINDS, BookingPage
from filon.meetings.planning import Plan

DAYS: Final = (
    (0, pgettext_lazy("in a list", "Monday")),
    (1, pgettext_lazy("in a list", "Tuesday")),
    (2, pgettext_lazy("in a list", "Wednesday")),
    (3, pgettext_lazy("in a list", "Thursday")),
    (4, pgettext_lazy("in a list", "Friday")),
    (5, pgettext_lazy("in a list", "Saturday")),
    (6, pgettext_lazy("in a list", "Sunday")),
)
_USUAL: Final = {"demo": 45, "scoping": 60, "discovery": 30}
_LANGUAGES: Final = (("fr", "Français"), ("en", "English"))


def _clock(label: Any) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))


class PageForm(forms.Form):
    """A colleague's own page."""

    slug = forms.SlugField(label=_("Address of the page"), max_length=60)
    is_open = forms.BooleanField(label=_("People can book"), required=False)
    introduction = forms.CharField(
        label=_("Introduction"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    place = forms.CharField(
        label=_("Where"), required=False, max_length=500, help_text=_("An address, or the link of a video call.")
    )
    days = forms.TypedMultipleChoiceField(
        label=_("Days"), choices=DAYS, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    first = _clock(pgettext_lazy("hour", "From"))
    last = _clock(pgettext_lazy("hour", "Until"))
    buffer = forms.IntegerField(label=_("Minutes kept free around a meeting"), min_value=0, max_value=240)
    notice = forms.IntegerField(label=_("Hours of notice"), min_value=0, max_value=720)
    horizon = forms.IntegerField(label=_("Days ahead"), min_value=1, max_value=180)
    calendar_url = forms.CharField(
        label=_("Address of my calendar (ICS)"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text=_("When you are busy there, nothing is offered here. It is read every ten minutes, and never shown."),
    )
    language = forms.ChoiceField(label=_("Language of the page"), choices=_LANGUAGES)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for kind in KINDS:
            self.fields[f"minutes_{kind}"] = forms.IntegerField(
                label=_("%(kind)s, in minutes") % {"kind": KIND_LABELS[kind]},
                required=False,
                min_value=10,
                max_value=480,
                help_text=_("Leave it empty not to offer it."),
            )
        minutes = [f"minutes_{kind}" for kind in KINDS]
        self.order_fields(["slug", "is_open", "introduction", "place", *minutes])

    def draft(self) -> Draft:
        """What `save_page` takes."""
        said = self.cleaned_data
        return Draft(
            slug=said["slug"],
            is_open=said["is_open"],
            introduction=said["introduction"],
            place=said["place"],
            minutes={kind: said[f"minutes_{kind}"] for kind in KINDS if said[f"minutes_{kind}"]},
            days=frozenset(said["days"]),
            first=said["first"],
            last=said["last"],
            buffer=said["buffer"],
            notice=said["notice"],
            horizon=said["horizon"],
            language=said["language"],
            calendar_url=said["calendar_url"].strip().replace("webcal://", "https://", 1),
        )


def initial(page: BookingPage | None, slug: str) -> dict[str, Any]:
    """What the form begins with: the page, or what most people want."""
    if page is None:
        minutes = {f"minutes_{kind}": length for kind, length in _USUAL.items()}
        hours = {"first": time(9), "last": time(18), "buffer": 0, "notice": 4, "horizon": 30}
        return {"slug": slug, "is_open": True, "days": [0, 1, 2, 3, 4], "language": "fr", **hours, **minutes}
    fields = ("slug", "is_open", "introduction", "place", "days", "first", "last", "buffer", "notice", "horizon")
    known = {name: getattr(page, name) for name in (*fields, "language", "calendar_url")}
    return known | {f"minutes_{kind}": page.minutes.get(kind) for kind in KINDS}


class GuestForm(forms.Form):
    """Who books, and what about."""

    starts_at = forms.CharField(max_length=40, widget=forms.HiddenInput)
    first_name = forms.CharField(
        label=_("First name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        label=_("Last name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    email = forms.EmailField(
        label=_("E-mail"), max_length=320, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    company = forms.CharField(
        label=pgettext_lazy("guest", "Company"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    about = forms.CharField(
        label=_("What would you like to talk about?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_starts_at(self) -> datetime:
        """The moment that was chosen."""
        found = moment(self.cleaned_data["starts_at"])
        if found is None:
            raise forms.ValidationError(_("Choose a moment."))
        return found

    def guest(self, source: str) -> Guest:
        """What `book` takes."""
        said = {
            name: self.cleaned_data[name] for name in ("first_name", "last_name", "email", "company", "phone", "about")
        }
        return Guest(**said, source=source)


class PlanForm(forms.Form):
    """A meeting that a colleague plans: a free moment, or in one's own diary any other."""

    slot = forms.ChoiceField(label=_("Free moments"), required=False)
    other = forms.DateTimeField(
        label=_("Or another moment of yours"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    about = forms.CharField(
        label=_("What it is about"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    place = forms.CharField(
        label=_("Where"), required=False, max_length=500, help_text=_("Empty: as on the booking page.")
    )
    mark = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)

    def __init__(self, moments: list[datetime], *arguments: Any, is_own: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        slot = self.fields["slot"]
        assert isinstance(slot, forms.ChoiceField)  # noqa: S101 — declared so above
        slot.choices = [("", "—"), *_by_day(moments)]
        if not is_own:
            del self.fields["other"]

    def clean(self) -> dict[str, Any]:
        """One moment, of either field."""
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = moment(cleaned.get("slot") or "")
        cleaned["starts_at"] = cleaned.get("other") or chosen
        if cleaned["starts_at"] is None and not self.errors:
            self.add_error("slot", _("Choose a moment."))
        return cleaned

    def plan(self, *, lead_id: int, host_id: int, kind: str) -> Plan:
        """What `planning.plan` takes."""
        said = self.cleaned_data
        return Plan(
            lead_id=lead_id,
            host_id=host_id,
            kind=kind,
            starts_at=said["starts_at"].astimezone(UTC),
            about=said["about"],
            place=said["place"],
            mark=said["mark"],
        )


def _by_day(moments: list[datetime]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Moments as a choice, those of a day together."""
    days: dict[str, list[tuple[str, str]]] = {}
    for one in moments:
        here = timezone.localtime(one)
        day = date_format(here, "l j F")
        days.setdefault(day, []).append((one.isoformat(), f"{day} · {time_format(here, 'H:i')}"))
    return list(days.items())


def moment(text: str) -> datetime | None:
    """A moment as our pages write it (ISO, UTC); None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None and 2000 < found.year < 2100 else None
