"""When identifiers contradict each other, and what names a company. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from filon.kit.text import fold, fold_common

_FREE_MAIL = """
    gmail.com googlemail.com yahoo.com yahoo.fr ymail.com rocketmail.com hotmail.com hotmail.fr hotmail.be
    outlook.com outlook.fr outlook.be live.com live.fr live.be msn.com icloud.com me.com mac.com aol.com aol.fr
    orange.fr wanadoo.fr free.fr sfr.fr neuf.fr cegetel.net laposte.net bbox.fr numericable.fr noos.fr club-internet.fr
    aliceadsl.fr voila.fr gmx.com gmx.fr gmx.de gmx.net web.de t-online.de mail.com mail.ru yandex.com yandex.ru
    protonmail.com proton.me pm.me tutanota.com fastmail.com zoho.com hushmail.com qq.com 163.com naver.com
    skynet.be telenet.be bluewin.ch libero.it virgilio.it tiscali.it alice.it uol.com.br terra.com.br
    comcast.net verizon.net att.net sbcglobal.net cox.net btinternet.com sky.com
"""
FREE_MAIL: Final = frozenset(_FREE_MAIL.split())
"""Mail providers of private people: their domain says nothing of a company."""


def phone_may_join(person: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether a shared phone number may mean the same person: switchboards are shared, so nothing may contradict it.

    No other e-mail, and no other last name.
    """
    email = values.get("email")
    if email and person["email"] and person["email"] != email:
        return False
    last_name, known = values.get("last_name"), person["last_name"]
    return not (last_name and known and fold(last_name) != fold(known))


def company_keys(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(kind, value) by which an entry names its company, strongest first: SIREN, domain, name and country, name.

    A work e-mail's domain counts as the company's; a free-mail domain never does.
    """
    keys: list[tuple[str, str]] = []
    if siren := values.get("company.siren"):
        keys.append(("siren", siren))
    if domain := company_domain(values):
        keys.append(("domain", domain))
    if name := values.get("company.name"):
        folded = fold(name)[:500]
        country = values.get("company.country")
        if country:
            keys.append(("name", f"{folded}|{fold_common(country)[:80]}"))
        else:
            keys.append(("name", f"{folded}|"))
    return keys


def company_domain(values: Mapping[str, Any]) -> str:
    """The company's domain as given, or that of a work e-mail."""
    domain: str = values.get("company.domain") or ""
    if not domain and (email := values.get("email")):
        domain = email.rpartition("@")[2]
    return "" if domain in FREE_MAIL else domain


def names_claimed(keys: list[tuple[str, str]], *, is_new: bool) -> list[tuple[str, str]]:
    """The keys a company takes when they name nobody yet; a new one also answers to its name without a country."""
    bare = [("name", value.partition("|")[0] + "|") for kind, value in keys if kind == "name" and is_new]
    return list(dict.fromkeys(keys + bare))
