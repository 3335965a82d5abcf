"""What names a person or a company, in one writing: e-mail, phone, domain, profile URL, SIREN, country.

Pure. Every `normalise_*` is idempotent: what it returns, it returns again.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote, urlsplit

import idna
import rphonenumbers

from filon.kit.countries import COUNTRY_CODES
from filon.kit.text import fold


def gettext_noop(message: str) -> str:
    """Mark a message for the translators; whoever shows it translates it."""
    return message


class ValueProblem(ValueError):
    """A value that cannot be understood. `message` is an English msgid with `%(name)s` places for `params`."""

    def __init__(self, code: str, message: str, params: dict[str, str] | None = None, column: str = "") -> None:
        super().__init__(code, message, params or {}, column)
        self.code = code
        self.message = message
        self.params = params or {}
        self.column = column

    def __str__(self) -> str:
        return self.message % self.params


# ---------------------------------------------------------------- e-mail

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_PLAIN_EMAIL = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@({_LABEL}(?:\.{_LABEL})*)")
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# Spaces, controls and the characters that RFC 5322 allows in quotes only.
_NOT_IN_LOCAL = re.compile(r"[\s\x00-\x1f\x7f-\x9f\"(),:;<>@\[\]\\]")
# Letters nobody sees, which copying from a web page or a PDF leaves at the ends of a value.
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_EDGES = " \t\r\n\v\f\u00a0\u202f" + _INVISIBLE
_EMAIL_REASONS = {
    "email_at": gettext_noop("“%(value)s” is not an e-mail address: it needs one @ between a name and a domain."),
    "email_local": gettext_noop("“%(value)s” is not an e-mail address: the part before the @ is not valid."),
    "email_domain": gettext_noop("“%(value)s” is not an e-mail address: the part after the @ is not valid."),
    "email_quoted": gettext_noop("“%(value)s” has a name in quotes: such addresses are not accepted."),
    "email_literal": gettext_noop("“%(value)s” has an IP address for a domain: such addresses are not accepted."),
    "email_several": gettext_noop("“%(value)s” holds several e-mail addresses: keep one a cell."),
    "email_long": gettext_noop("“%(value)s” is too long for an e-mail address."),
}


def normalise_email(text: str) -> str:
    """The address in lower case, without `mailto:`, its domain in ASCII (IDNA).

    Case in the local part is dropped although RFC 5321 keeps it: no known provider tells Ana@ from ana@.
    Raises ValueProblem, code `email_…`. Quoted local parts and domain literals are refused on purpose.
    """
    address = text.strip(_EDGES).lower()
    if address.startswith("mailto:"):
        address = address[7:].partition("?")[0].strip(_EDGES)
    match = _PLAIN_EMAIL.fullmatch(address)
    if match:
        local, domain = match.groups()
    else:
        local, domain = _unusual_email(unicodedata.normalize("NFC", address), text)
    if len(local.encode()) > 64 or len(local.encode()) + len(domain) > 253:
        raise _email_problem("email_long", text)
    if domain.rpartition(".")[2].isdigit() or len(domain) > 253:
        raise _email_problem("email_domain", text)
    return f"{local}@{domain}"


def _unusual_email(address: str, text: str) -> tuple[str, str]:
    """Local part and domain of what the plain pattern refuses: other scripts, or a reason to say no."""
    local, at, domain = address.rpartition("@")
    if local.startswith('"'):
        raise _email_problem("email_quoted", text)
    if domain.startswith("["):
        raise _email_problem("email_literal", text)
    if address.count("@") > 1:
        raise _email_problem("email_several", text)
    if not at or not local or not domain:
        raise _email_problem("email_at", text)
    if _NOT_IN_LOCAL.search(local) or "" in local.split(".") or _has_hidden(local):
        raise _email_problem("email_local", text)
    host = _ascii_host(domain)
    if host is None:
        raise _email_problem("email_domain", text)
    return local, host


def _email_problem(code: str, text: str) -> ValueProblem:
    return ValueProblem(code, _EMAIL_REASONS[code], {"value": text[:200]})


def _has_hidden(text: str) -> bool:
    return not text.isascii() and any(unicodedata.category(letter) in {"Cf", "Cc", "Cs", "Zs"} for letter in text)


@lru_cache(maxsize=4096)
def _ascii_host(host: str) -> str | None:
    """The host in lower-case ASCII, or None when it cannot be one."""
    host = host.lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except UnicodeError:  # idna.IDNAError is one
            return None
    return host if _HOST.fullmatch(host) and len(host) <= 253 else None


# ---------------------------------------------------------------- phone

_OTHER_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff\u00ad]")
_FLOAT = re.compile(r"(\d{6,})\.0+")  # what a spreadsheet makes of a number: 612345678.0
_EXTENSION_WORD = re.compile(r"\b(?:poste|post|ext|extension|interne)\b\.?", re.IGNORECASE)


@lru_cache(maxsize=65536)
def normalise_phone(text: str, country: str) -> str | None:
    """The number in E.164, or None when it is not one valid number.

    country: ISO code of the country where a number without prefix would be dialled.
    A number with an extension gives None: a switchboard does not name one person.
    """
    cleaned = (text if text.isascii() else _OTHER_SPACES.sub(" ", text)).strip()
    if float_like := _FLOAT.fullmatch(cleaned):
        cleaned = float_like[1]
    if len(cleaned) > 64 or _EXTENSION_WORD.search(cleaned):
        return None
    try:
        number = rphonenumbers.parse(cleaned, country or None)
    except rphonenumbers.NumberParseException:
        return None
    if number.extension or not rphonenumbers.is_valid_number(number):
        return None
    return str(rphonenumbers.format_number(number, rphonenumbers.PhoneNumberFormat.E164))


# ---------------------------------------------------------------- web

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_DOMAIN_REASON = gettext_noop("“%(value)s” is not a web domain.")
_PROFILE_REASON = gettext_noop("“%(value)s” is not the address of a profile.")
_LOCALE_PART = re.compile(r"[a-z]{2}(?:[-_][a-z]{2})?")


@lru_cache(maxsize=16384)
def normalise_domain(text: str) -> str:
    """The domain of a web or e-mail address or of a bare name, lower case, without `www.`, in ASCII (IDNA).

    Raises ValueProblem, code `domain`.
    """
    bare = _SCHEME.sub("", text.strip(_EDGES), count=1)
    host = re.split(r"[/?#]", bare, maxsplit=1)[0].rpartition("@")[2]
    host = re.sub(r":\d*$", "", host).rstrip(".")
    ascii_host = _ascii_host(unicodedata.normalize("NFC", host))
    while ascii_host and ascii_host.startswith("www."):
        ascii_host = ascii_host[4:]
    if not ascii_host or "." not in ascii_host or ascii_host.rpartition(".")[2].isdigit():
        raise ValueProblem("domain", _DOMAIN_REASON, {"value": text[:200]})
    return ascii_host


def normalise_profile_url(text: str) -> str:
    """One writing of a profile's address: https, host in lower case, no query, no slash at the end.

    LinkedIn also loses its country subdomain (`fr.`) and the language at the end (`/fr`).
    Elsewhere the query stays, as it may name the profile. Raises ValueProblem, code `profile_url`.
    """
    bare = text.strip(_EDGES)
    if bare.lower().startswith("in/"):
        bare = f"linkedin.com/{bare}"
    bare = bare.lstrip("/")
    try:
        parts = urlsplit(bare if _SCHEME.match(bare) else f"https://{bare}")
        host = _ascii_host((parts.hostname or "").removeprefix("www."))
    except ValueError:
        host = None
    if host is None or "." not in host or parts.scheme.lower() not in {"http", "https"}:
        raise ValueProblem("profile_url", _PROFILE_REASON, {"value": text[:200]})
    if host == "linkedin.com" or host.endswith(".linkedin.com"):
        return _linkedin(parts.path, text)
    path = parts.path.rstrip("/")
    return f"https://{host}{path}" + (f"?{parts.query}" if parts.query else "")


def _linkedin(path: str, text: str) -> str:
    slugs = [unicodedata.normalize("NFC", unquote(part).lower()) for part in path.split("/") if part]
    if len(slugs) > 2 and slugs[0] == "in" and _LOCALE_PART.fullmatch(slugs[-1]):
        slugs.pop()
    if len(slugs) < 2 or any(re.search(r"[\s\x00-\x1f%/?#]", slug) for slug in slugs):
        raise ValueProblem("profile_url", _PROFILE_REASON, {"value": text[:200]})
    return "https://www.linkedin.com/" + "/".join(slugs)


# ---------------------------------------------------------------- French companies

_NOT_LETTER_OR_DIGIT = re.compile(r"[\W_]+")
_VAT = re.compile(r"(?:FR)?([0-9A-HJ-NP-Z]{2})(\d{9})")
_RCS = re.compile(r"RCS.*?[A-D]?(\d{9})")
_LA_POSTE = "356000000"  # its establishments are too many for Luhn: their digits add up to a multiple of 5
_SIREN_REASONS = {
    "siren_form": gettext_noop("“%(value)s” is not a SIREN (9 digits), SIRET (14 digits) or French VAT number."),
    "siren_check": gettext_noop("“%(value)s” is not a SIREN or SIRET: its check digit is wrong."),
    "siren_vat_check": gettext_noop("“%(value)s” is not a French VAT number: its key is wrong."),
    "siren_monaco": gettext_noop("“%(value)s” is a VAT number of Monaco, whose companies have no SIREN."),
}


@lru_cache(maxsize=16384)
def normalise_siren(text: str) -> str:
    """The nine digits of a SIREN, from a SIREN, SIRET, French VAT or RCS number, however spaced.

    Raises ValueProblem, code `siren_…`.
    """
    compact = _NOT_LETTER_OR_DIGIT.sub("", unicodedata.normalize("NFKC", text)).upper()
    problem = "siren_form"
    if not compact.isascii():
        pass
    elif len(compact) in {9, 14} and compact.isdigit():
        siren, problem = compact[:9], "" if _is_registered(compact) else "siren_check"
    elif match := _VAT.fullmatch(compact):
        siren, problem = match[2], _vat_problem(match[1], match[2])
    elif match := _RCS.fullmatch(compact):
        siren, problem = match[1], "" if _luhn(match[1]) else "siren_check"
    if problem:
        raise ValueProblem(problem, _SIREN_REASONS[problem], {"value": text[:200]})
    return siren


def _is_registered(digits: str) -> bool:
    if not _luhn(digits[:9]):
        return False
    if digits.startswith(_LA_POSTE) and len(digits) == 14:
        return _luhn(digits) or sum(map(int, digits)) % 5 == 0
    return _luhn(digits)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        double = int(digit) * 2
        total += int(digit) if place % 2 == 0 else double - 9 * (double > 9)
    return total % 10 == 0 and total > 0


def _vat_problem(key: str, siren: str) -> str:
    if siren.startswith("000"):
        return "siren_monaco"
    if not _luhn(siren):
        return "siren_check"
    # Old keys hold letters, and no formula of theirs is published by the tax office: the SIREN's own check must do.
    if key.isdigit() and int(key) != (12 + 3 * (int(siren) % 97)) % 97:
        return "siren_vat_check"
    return ""


# ---------------------------------------------------------------- countries


@lru_cache(maxsize=4096)
def normalise_country(text: str) -> str:
    """The ISO 3166 two-letter code of a country's code or French or English name; else the text as written."""
    written = text.strip(_EDGES)
    folded = re.sub(r"[^\w]+", " ", fold(written)).strip().removeprefix("the ")
    if folded in COUNTRY_CODES:
        return COUNTRY_CODES[folded]
    code = folded.upper()
    return code if code in rphonenumbers.SUPPORTED_REGIONS and len(code) == 2 else written
