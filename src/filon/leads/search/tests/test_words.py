from hypothesis import given
from hypothesis import strategies as st

from filon.leads.search import words


def test_words_are_folded_and_split_at_every_sign() -> None:
    assert words.split("  Élodie  D’Œuvre-Noël (R&D) c_d") == ["elodie", "d", "oeuvre", "noel", "r", "d", "c", "d"]


def test_words_of_other_scripts_stay_whole() -> None:
    assert words.split("नमस्ते 東京 Müller") == ["नमस्ते", "東京", "muller"]


def test_a_lead_is_found_by_every_part_of_its_name_company_email_and_job() -> None:
    found = words.of_lead("claire morel", "sogetrel", "c.morel@sogetrel.fr", "", "directrice marketing")
    assert found == ["claire", "morel", "sogetrel", "c", "fr", "directrice", "marketing"]


def test_a_phone_is_found_however_it_is_dialled() -> None:
    index = words.of_lead("", "", "", "+33612345678")
    for typed in (
        "06 12 34",
        "0612345678",
        "+33 6 12 34 56 78",
        "0033612345678",
        "06.12.34.56.78",
        "612345678",
        "(06) 12-34",
    ):
        [asked] = words.of_query(typed)
        assert any(word.startswith(asked) for word in index), typed


def test_a_phone_of_a_country_with_a_longer_code_is_found_without_it() -> None:
    assert "21234567" in words.of_lead("", "", "", "+35221234567")
    assert "2025550123" in words.of_lead("", "", "", "+12025550123")


def test_a_number_in_a_name_is_found_with_its_zeros() -> None:
    [asked] = words.of_query("0123")
    assert any(word.startswith(asked) for word in words.of_lead("", "agence 0123", "", ""))


def test_single_letters_ask_for_nothing_but_single_ideograms_do() -> None:
    assert words.of_query("a claire b") == ["claire"]
    assert words.of_query("a") == []
    assert words.of_query("東") == ["東"]
    assert words.of_query(" ' OR 1=1 -- ") == ["or"]


def test_a_query_has_at_most_eight_words() -> None:
    assert len(words.of_query(" ".join(f"word{number}" for number in range(40)))) == words.MOST_WORDS


@given(st.text(max_size=60))
def test_words_hold_no_sign_that_a_query_language_could_read(text: str) -> None:
    for word in words.split(text):
        assert word
        assert len(word) <= 64
        assert not set(word) & set("\"'*&|!():<>\\^~- \0")


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_whole_name_finds_its_lead(name: str, company: str) -> None:
    index = words.of_lead(name, company, "", "")
    for asked in words.of_query(f"x{name} {company}".removeprefix("x")):
        assert any(word.startswith(asked) for word in [*index, asked.lstrip("0")])
