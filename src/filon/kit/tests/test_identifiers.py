"""The identifiers, against what other people collected."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.kit.identifiers import (
    ValueProblem,
    normalise_country,
    normalise_domain,
    normalise_email,
    normalise_phone,
    normalise_profile_url,
    normalise_siren,
)

DATA = Path(__file__).parents[5] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="shared/data is absent")

# Wrong for RFC 5322 only by the space or line end around a good address, which we trim.
TRIMMED = {
    "99",
    "127",
    "128",
    "132",
    *map(str, [*range(141, 144), *range(145, 148), *range(150, 153), *range(154, 157)]),
}


def isemail_cases(category):
    path = DATA / "email" / "isemail_tests.xml"
    if not path.is_file():
        return []
    controls = {0x2400 + code: code for code in range(0x20)}
    return [
        pytest.param(case.get("id"), (case.findtext("address") or "").translate(controls), id=str(case.get("id")))
        for case in ET.parse(path).getroot().iter("test")
        if case.findtext("category") == category
    ]


@pytest.mark.parametrize(("number", "address"), isemail_cases("ISEMAIL_VALID_CATEGORY"))
def test_every_valid_address_of_isemail_is_accepted(number, address):
    assert normalise_email(address) == address.lower()


@pytest.mark.parametrize(("number", "address"), isemail_cases("ISEMAIL_ERR"))
def test_every_wrong_address_of_isemail_is_refused_or_only_trimmed(number, address):
    if number in TRIMMED:
        assert normalise_email(address) == "test@iana.org"
    else:
        with pytest.raises(ValueProblem):
            normalise_email(address)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ('"test"@iana.org', "email_quoted"),
        ('"test\\ test"@iana.org', "email_quoted"),
        ("test@[255.255.255.255]", "email_literal"),
        ("test@[IPv6:1111:2222:3333:4444:5555:6666:7777:8888]", "email_literal"),
        ("jean@acme.fr;paul@acme.fr", "email_several"),
        ("jean.acme.fr", "email_at"),
        ("@acme.fr", "email_at"),
        ("jean dupont@acme.fr", "email_local"),
        ("jean@acme..fr", "email_domain"),
        ("jean@192.168.0.1", "email_domain"),
        ("je\u200ban@acme.fr", "email_local"),
        (f"{'a' * 65}@acme.fr", "email_long"),
        ("", "email_at"),
    ],
)
def test_a_refused_address_says_why(address, code):
    with pytest.raises(ValueProblem) as problem:
        normalise_email(address)
    assert problem.value.code == code
    assert str(problem.value)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (" Jean.Dupont@ACME.fr\u00a0", "jean.dupont@acme.fr"),
        ("mailto:Jean@acme.fr?subject=Bonjour", "jean@acme.fr"),
        ("\ufeffjean@acme.fr\u200b", "jean@acme.fr"),
        ("jean@Hôtel.fr", "jean@xn--htel-vqa.fr"),
        ("jean@xn--htel-vqa.fr", "jean@xn--htel-vqa.fr"),
        ("Rene\u0301@acme.fr", "rené@acme.fr"),
        ("jean+salon@acme.fr", "jean+salon@acme.fr"),
        ("o'neil@acme.ie", "o'neil@acme.ie"),
    ],
)
def test_an_address_gets_one_writing(written, address):
    assert normalise_email(written) == address


@needs_data
def test_four_writings_of_a_phone_are_one_number():
    rows = json.loads((DATA / "phone" / "example_formats.json").read_text())
    assert len(rows) == 18
    for row in rows:
        writings = [row[kind] for kind in ("e164", "national", "international", "rfc3966")]
        assert {normalise_phone(writing, row["region"]) for writing in writings} == {row["e164"]}


@needs_data
def test_the_example_mobile_of_every_region_is_a_number():
    for region, national in json.loads((DATA / "phone" / "examples.mobile.json").read_text()).items():
        number = normalise_phone(national, region)
        assert number is not None
        assert number.startswith("+")
        assert number.endswith(national.lstrip("0"))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("06\u00a012\u202f34 56 78", "+33612345678"),
        ("612345678.0", "+33612345678"),
        ("06.12.34.56.00", "+33612345600"),
        ("00 33 6 12 34 56 78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("+32 470 12 34 56", "+32470123456"),
        ("01 23 45 67 89 poste 12", None),
        ("+33 1 23 45 67 89 ext. 12", None),
        ("06 12", None),
        ("à rappeler", None),
        ("9" * 300, None),
        ("", None),
    ],
)
def test_a_phone_is_one_valid_number_or_none(written, number):
    assert normalise_phone(written, "FR") == number


def test_an_unknown_country_still_reads_international_numbers():
    assert normalise_phone("+33 6 12 34 56 78", "ZZ") == "+33612345678"
    assert normalise_phone("06 12 34 56 78", "") is None


@pytest.mark.parametrize(
    ("written", "domain"),
    [
        ("https://www.Acme.fr/contact?x=1#a", "acme.fr"),
        ("acme.fr", "acme.fr"),
        ("http://user:pw@acme.fr:8080", "acme.fr"),
        ("jean@acme.fr", "acme.fr"),
        ("WWW.HÔTEL.FR.", "xn--htel-vqa.fr"),
        ("shop.acme.co.uk/", "shop.acme.co.uk"),
    ],
)
def test_a_domain_comes_from_any_address(written, domain):
    assert normalise_domain(written) == domain


@pytest.mark.parametrize("written", ["", "acme", "10.0.0.1", "http://", "a b.fr", "n/a", "http://-x.fr"])
def test_what_is_no_domain_is_refused(written):
    with pytest.raises(ValueProblem, match="domain"):
        normalise_domain(written)


@pytest.mark.parametrize(
    "written",
    [
        "https://www.linkedin.com/in/jean-dupont",
        "http://fr.linkedin.com/in/Jean-Dupont/?originalSubdomain=fr",
        "linkedin.com/in/jean-dupont/fr",
        "https://ca.linkedin.com/in/jean-dupont/en-us/",
        "in/jean-dupont",
        "//LinkedIn.com/in/jean-dupont#about",
    ],
)
def test_a_linkedin_profile_has_one_address(written):
    assert normalise_profile_url(written) == "https://www.linkedin.com/in/jean-dupont"


def test_a_linkedin_name_with_accents_is_the_same_encoded_or_not():
    encoded = normalise_profile_url("https://fr.linkedin.com/in/ren%C3%A9")
    assert encoded == normalise_profile_url("linkedin.com/in/rené")


def test_another_profile_keeps_its_path_and_query():
    assert normalise_profile_url("HTTPS://GitHub.com/Ana/?tab=x#y") == "https://github.com/Ana?tab=x"


@pytest.mark.parametrize("written", ["", "jean", "ftp://x.fr/", "https://linkedin.com/", "http://[::1", "http://x y/"])
def test_what_is_no_profile_is_refused(written):
    with pytest.raises(ValueProblem) as problem:
        normalise_profile_url(written)
    assert problem.value.code == "profile_url"


@needs_data
def test_real_french_company_numbers_give_their_siren():
    ids = json.loads((DATA / "french" / "company_ids.json").read_text())
    digits = {text: "".join(letter for letter in text if letter.isdigit()) for text in map(str, sum_lists(ids))}
    for text in ids["siren_valid"]:
        assert normalise_siren(text) == digits[text]
    for text in ids["siret_valid"] + ids["siret_la_poste_valid"]:
        assert normalise_siren(text) == digits[text][:9]
    for text in ids["tva_valid"]:
        if digits[text][2:5] == "000":  # Monaco: a VAT number without a SIREN
            with pytest.raises(ValueProblem, match="Monaco"):
                normalise_siren(text)
        else:
            assert normalise_siren(text) == digits[text][-9:]
    for text, siren in ids["rcs_valid"]:
        assert normalise_siren(text) == siren
    for kind in ("siret_invalid", "tva_invalid", "rcs_invalid"):
        for text, _reason in ids[kind]:
            with pytest.raises(ValueProblem):
                normalise_siren(text)


def sum_lists(ids):
    return [text for kind, texts in ids.items() if kind.endswith("_valid") and kind != "rcs_valid" for text in texts]


@pytest.mark.parametrize("written", ["", "000000000", "12345678", "732829321", "7328293200007", "٧٣٢٨٢٩٣٢٠", "SIREN"])
def test_what_is_no_siren_is_refused(written):
    with pytest.raises(ValueProblem) as problem:
        normalise_siren(written)
    assert problem.value.code.startswith("siren_")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("France", "FR"),
        ("allemagne", "DE"),
        ("Côte d'Ivoire", "CI"),
        ("The Netherlands", "NL"),
        ("ÉTATS-UNIS", "US"),
        ("U.S.A.", "US"),
        ("uk", "GB"),
        ("fr", "FR"),
        ("Royaume-Uni", "GB"),
        ("Philipines", "Philipines"),
        ("Asia/Pacific Region", "Asia/Pacific Region"),
        ("xx", "xx"),
    ],
)
def test_a_country_gets_its_code_or_stays_as_written(written, code):
    assert normalise_country(written) == code


TEXT = st.one_of(st.text(max_size=60), st.from_regex(r"[A-Za-zé.+]{1,9}@[a-zéß-]{1,9}\.[a-z]{2,4}", fullmatch=True))


@pytest.mark.parametrize(
    "normalise", [normalise_email, normalise_domain, normalise_profile_url, normalise_siren, normalise_country]
)
@given(text=TEXT)
def test_what_is_normalised_stays_so_and_nothing_else_escapes(normalise, text):
    try:
        once = normalise(text)
    except ValueProblem:
        return
    assert normalise(once) == once


@given(text=st.text(max_size=40))
def test_any_text_is_a_phone_or_none(text):
    number = normalise_phone(text, "FR")
    assert number is None or normalise_phone(number, "DE") == number
