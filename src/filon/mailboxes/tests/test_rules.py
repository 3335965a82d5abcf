"""What is known of mailboxes without asking anybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.mailboxes import rules


@pytest.mark.parametrize(
    ("email", "provider", "host"),
    [
        ("lea@gmail.com", "", "imap.gmail.com"),
        ("lea@sogetrel.fr", "ovh", "ssl0.ovh.net"),
        ("lea@orange.fr", "", "imap.orange.fr"),
    ],
)
def test_the_servers_of_providers_are_known(email: str, provider: str, host: str) -> None:
    found = rules.servers_of(email, provider)
    assert found is not None
    assert found.imap_host == host


def test_the_servers_of_an_own_domain_are_asked_for() -> None:
    assert rules.servers_of("lea@sogetrel.fr", "") is None


@given(st.integers(1, 10**17))
def test_a_bcc_address_names_its_colleague(user_id: int) -> None:
    address = rules.drop_address("reponses@filon.test", rules.drop_token(user_id, "key"))
    assert rules.dropped_by(["x@y.fr", address.upper()], "key") == user_id
    assert rules.dropped_by([address], "another key") is None


@pytest.mark.parametrize("made_up", ["reponses+1-0123456789abcdef@filon.test", "reponses+1@filon.test", "a@b.fr", ""])
def test_a_made_up_bcc_address_names_nobody(made_up: str) -> None:
    assert rules.dropped_by([made_up], "key") is None


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("Devis", "Re: Devis"),
        ("RE: Re : TR: Devis", "Re: Devis"),
        ("Rép : Devis", "Re: Devis"),
        ("Retour", "Re: Retour"),
        ("", "Re:"),
    ],
)
def test_an_answer_says_re_once(subject: str, answer: str) -> None:
    assert rules.answering(subject) == answer


def test_a_mail_is_told_once_to_each_reader() -> None:
    keys = {rules.once_key("<a@b>", "1:inbox:7:1", whom) for whom in ("", "x@y.fr", "z@y.fr")}
    assert len(keys) == 3
    assert rules.once_key("", "1:inbox:7:1") != rules.once_key("", "1:inbox:7:2")
    assert all(len(key) <= 200 for key in keys)
