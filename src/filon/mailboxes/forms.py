"""The form of a mailbox, and of a mail."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from filon.mailboxes import rules
from filon.mailboxes.connecting import Draft
from filon.mailboxes.models import IMAP_WAYS, SMTP_WAYS, Account, Thread
from filon.mailboxes.rules import Servers
from filon.mailboxes.writing import LONGEST

_WAYS: Final = {"imaps": "TLS", "smtps": "TLS", "imap+starttls": "STARTTLS", "smtp+starttls": "STARTTLS"}
_PROVIDERS: Final = (
    ("", _("By the address, or as given below")),
    ("gmail", "Google Workspace"),
    ("gandi", "Gandi"),
    ("infomaniak", "Infomaniak"),
    ("ionos", "IONOS"),
    ("ovh", "OVHcloud"),
    ("zoho", "Zoho"),
)
_PLAIN: Final = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}


def _ways(ways: tuple[str, ...]) -> list[tuple[str, Any]]:
    return [(way, _WAYS.get(way, _("None (this machine only)"))) for way in ways]


def _host(label: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=253, required=False, widget=forms.TextInput(attrs=_PLAIN))


def _port(label: Any, initial: int) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=65_535, initial=initial)


class AccountForm(forms.Form):
    """A colleague's mailbox. The servers are asked for only where the provider does not say them."""

    email = forms.EmailField(label=_("Your e-mail address"), max_length=320)
    from_name = forms.CharField(label=_("Name that people see"), max_length=120)
    provider = forms.ChoiceField(label=_("Provider"), choices=_PROVIDERS, required=False)
    login = forms.CharField(
        label=_("User name"),
        max_length=320,
        required=False,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("Usually the address itself: then leave it empty."),
    )
    password = forms.CharField(
        label=_("Password of the mailbox"),
        max_length=500,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("With two-step sign-in, an app password. It is kept encrypted and never shown."),
    )
    imap_host = _host(_("Server to read (IMAP)"))
    imap_port = _port(pgettext_lazy("of a server", "Port (IMAP)"), 993)
    imap_way = forms.ChoiceField(label=_("Encryption (IMAP)"), choices=_ways(IMAP_WAYS))
    smtp_host = _host(_("Server to send (SMTP)"))
    smtp_port = _port(pgettext_lazy("of a server", "Port (SMTP)"), 465)
    smtp_way = forms.ChoiceField(label=_("Encryption (SMTP)"), choices=_ways(SMTP_WAYS))
    signature = forms.CharField(
        label=_("Signature"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *arguments: Any, is_known: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["password"].required = not is_known  # then an empty one means the one that is known

    def usual(self) -> list[forms.BoundField]:
        """The fields that everybody fills in."""
        return [field for field in self if field.name not in _OF_SERVERS]

    def of_servers(self) -> list[forms.BoundField]:
        """Where the servers are, which providers that are known say themselves."""
        return [field for field in self if field.name in _OF_SERVERS]

    def shows_servers(self) -> bool:
        """Whether there is something to see at the servers: given, known, or wrong."""
        return any(field.errors or (field.value() and field.name.endswith("host")) for field in self.of_servers())

    def clean(self) -> dict[str, Any]:
        """Servers must be known, by the provider or as given."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        if not cleaned["imap_host"] and not cleaned["smtp_host"]:
            cleaned["servers"] = rules.servers_of(cleaned["email"], cleaned["provider"])
            if cleaned["servers"] is None:
                self.add_error(
                    "imap_host", _("The servers of this address are not known here: your provider says them.")
                )
        elif not cleaned["imap_host"] or not cleaned["smtp_host"]:
            self.add_error("smtp_host" if cleaned["imap_host"] else "imap_host", _("Give both servers."))
        return cleaned

    def draft(self) -> Draft:
        """What was said, once it is valid."""
        said = self.cleaned_data
        return Draft(
            email=said["email"],
            from_name=said["from_name"],
            login=said["login"] or said["email"],
            password=said["password"] or None,
            servers=said.get("servers")
            or Servers(
                said["imap_way"],
                said["imap_host"].strip(),
                said["imap_port"],
                said["smtp_way"],
                said["smtp_host"].strip(),
                said["smtp_port"],
            ),
            signature=said["signature"].replace("\r\n", "\n").strip(),
        )


def initial(account: Account | None, *, name: str, email: str) -> dict[str, Any]:
    """What the form shows at first."""
    if account is None:
        return {"email": email, "from_name": name}
    names = ("email", "from_name", "signature", *(f"{kind}_{part}" for kind in ("imap", "smtp") for part in _PARTS))
    return {name: getattr(account, name) for name in names} | {
        "login": account.login if account.login != account.email else ""
    }


_PARTS: Final = ("host", "port", "way")
_OF_SERVERS: Final = frozenset(f"{kind}_{part}" for kind in ("imap", "smtp") for part in _PARTS)


class MailForm(forms.Form):
    """A mail to one person."""

    answers = forms.ChoiceField(label=_("Conversation"), required=False)
    subject = forms.CharField(label=_("Subject"), max_length=300)
    text = forms.CharField(label=_("Text"), max_length=LONGEST, widget=forms.Textarea(attrs={"class": "letter"}))
    key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)

    def __init__(self, conversations: list[Thread], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if not conversations:
            del self.fields["answers"]
            return
        field = self.fields["answers"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 — declared so above
        field.choices = [
            *((one.message_id, rules.answering(one.subject)) for one in conversations),
            ("", _("A new conversation")),
        ]
