"""The people and companies of the sample year. Every name is made up; addresses end in `.example`, phones lie in the
numbers kept for films, SIRENs in a range that was never given out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from filon.demo import words
from filon.kit.text import fold

_TARGETS: Final = frozenset({"Maintenance industrielle", "Industrie", "Logistique", "Transports", "Informatique"})
_NEAR: Final = frozenset({"FR", "BE", "CH", "LU"})
_FILM_PHONES: Final = (199_000_000, 261_910_000, 353_010_000, 465_710_000, 536_490_000)
_OF_A_SERIES: Final = 10_000
_CENTRES: Final = 4  # how many times as often as a small one a large account is met


@dataclass(slots=True)
class Account:
    """A company of the story. techs: how many people it has on the road."""

    name: str
    domain: str
    siren: str
    sector: str
    spelt: str
    employees: int
    revenue: int
    city: str
    country: str
    issues: str
    techs: int
    tool: str
    contacts: list[Contact] = field(default_factory=list)

    @property
    def values(self) -> dict[str, Any]:
        """The account as an entry of the line tells it."""
        told: dict[str, Any] = {
            "company.name": self.name,
            "company.domain": self.domain,
            "company.siren": self.siren,
            "company.sector": self.spelt,
            "company.employees": self.employees or None,
            "company.revenue": self.revenue or None,
            "company.country": self.country,
            "company.city": self.city,
            "company.issues": self.issues,
        }
        return {name: value for name, value in told.items() if value}


@dataclass(slots=True)
class Contact:
    """A person of the story, with the account they work for."""

    first_name: str
    last_name: str
    email: str
    phone: str
    job_title: str
    decides: bool
    account: Account
    lead_class: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The person and their account as an entry of the line tells them."""
        told = {
            "email": self.email,
            "phone": self.phone,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "job_title": self.job_title,
            "city": self.account.city,
            "country": self.account.country,
            "class": self.lead_class,
        }
        return {name: value for name, value in told.items() if value} | self.account.values

    @property
    def fit(self) -> int:
        """How well they fit what the vendor looks for, 0 to 100, as the starter rules of the scoring have it."""
        account = self.account
        points = 30 * self.decides + 25 * (50 <= account.employees <= 1000) + 20 * (account.spelt in _TARGETS)
        points += 15 * bool(self.email) + 10 * (account.country in _NEAR)
        return max(points - 50 * (self.lead_class in {"student", "applicant"}), 0)


class Town:
    """Makes accounts and the people in them, no two alike."""

    def __init__(self, rng: Random, accounts: int) -> None:
        self._rng = rng
        self._names: set[str] = set()
        self._emails: set[str] = set()
        self._phones = 0
        self.accounts = [self._account() for _ in range(accounts)]
        self._weights = [min(_CENTRES, 1 + account.employees / 90) for account in self.accounts]
        self.school = self._special("Institut des métiers du terrain", "Enseignement")
        self.rival = self._special("Optirun", "Éditeur de logiciels")

    def someone(self) -> Contact:
        """A person who was not there before, in one of the accounts; the large ones count more of them."""
        return self.at(self._rng.choices(self.accounts, self._weights)[0])

    def at(self, account: Account, *, lead_class: str = "") -> Contact:
        """A new person of this account."""
        rng = self._rng
        first, last = rng.choice(words.FIRST_NAMES), rng.choice(words.LAST_NAMES)
        decides = rng.random() < (0.46 if account.employees < 60 else 0.34)
        man, woman = rng.choice(words.DECIDES if decides else words.WORKS)
        title = woman if first in words.WOMEN else man
        if lead_class == "student":
            title, decides = "Étudiante" if first in words.WOMEN else "Étudiant", False
        contact = Contact(first, last, self._email(first, last, account), self._phone(), title, decides, account)
        contact.lead_class = lead_class
        account.contacts.append(contact)
        return contact

    def twin(self, contact: Contact) -> Contact:
        """The same person as they might type themselves another day: other address, no accents, capitals."""
        first, last = contact.first_name, contact.last_name
        email = self._unused(f"{_slug(first)[:1]}{_slug(last)}", contact.account.domain)
        return Contact(
            fold(first).capitalize(),
            last.upper(),
            email,
            "",
            contact.job_title,
            contact.decides,
            contact.account,
        )

    def _account(self) -> Account:
        rng = self._rng
        sector, _weight, endings = rng.choices(words.SECTORS, [weight for _, weight, _ in words.SECTORS])[0]
        name = self._name(endings)
        employees = min(round(rng.lognormvariate(4.2, 1.25)) + 4, 6200)
        is_near = rng.random() < 0.95
        city, country = rng.choice(words.CITIES[:24] if is_near and rng.random() < 0.94 else words.CITIES)
        return Account(
            name=name,
            domain=f"{_slug(name)}.example",
            siren=self._siren() if country == "FR" and rng.random() < 0.85 else "",
            sector=sector if rng.random() < 0.87 else "",
            spelt="",
            employees=employees if rng.random() < 0.84 else 0,
            revenue=round(employees * rng.uniform(80, 210)) * 1000 if rng.random() < 0.6 else 0,
            city=city,
            country=country if rng.random() < 0.95 else "",
            issues=rng.choice(words.ISSUES) if rng.random() < 0.4 else "",
            techs=max(3, round(employees * rng.uniform(0.12, 0.4))),
            tool=rng.choice(words.TOOLS),
        )

    def _special(self, name: str, sector: str) -> Account:
        domain = f"{_slug(name)}.example"
        return Account(name, domain, "", sector, sector, 60, 0, "Lyon", "FR", "", 10, "Excel")

    def _name(self, endings: tuple[str, ...]) -> str:
        rng = self._rng
        while True:
            middle = rng.choice(words.MIDDLES) if rng.random() < 0.6 else ""
            stem = rng.choice(words.ONSETS) + middle + rng.choice(words.ENDINGS)
            if len(stem) > 3 and stem not in self._names:
                self._names.add(stem)
                return f"{stem} {rng.choice(endings)}"

    def _siren(self) -> str:
        number = f"{self._rng.randrange(100_000, 499_999):06}"
        digits = f"00{number}"
        return digits + str(_luhn_digit(digits)) if self._fresh(digits) else self._siren()

    def _fresh(self, name: str) -> bool:
        if name in self._names:
            return False
        self._names.add(name)
        return True

    def _email(self, first: str, last: str, account: Account) -> str:
        return self._unused(f"{_slug(first)}.{_slug(last)}", account.domain)

    def _unused(self, local: str, domain: str) -> str:
        number, email = 1, f"{local}@{domain}"
        while email in self._emails:
            number += 1
            email = f"{local}{number}@{domain}"
        self._emails.add(email)
        return email

    def _phone(self) -> str:
        """The next film number, from one part of the country after the other."""
        if self._rng.random() < 0.12:
            return ""
        place, series = divmod(self._phones, len(_FILM_PHONES))
        self._phones += 1
        return f"+33{_FILM_PHONES[series] + place * 7919 % _OF_A_SERIES}" if place < _OF_A_SERIES else ""


def spell(account: Account, *, is_wrong: bool) -> None:
    """Settle how an account's sector is written where it comes in."""
    account.spelt = words.MISSPELT.get(account.sector, account.sector) if is_wrong else account.sector


def _slug(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in fold(text)).strip("-")


def _luhn_digit(digits: str) -> int:
    """The digit that makes a number pass Luhn's test."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        double = int(digit) * (2 if place % 2 == 0 else 1)
        total += double - 9 * (double > 9)
    return -total % 10
