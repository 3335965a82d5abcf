import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.kit import csv_out


@pytest.mark.parametrize(
    "text", ["=1+1", "=HYPERLINK(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "\t=1", "\r=1", "-", "+a", "-1-A1"]
)
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(text: str) -> None:
    assert csv_out.cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["+33612345678", "+33 6 12-34", "-12.5", "-1 234,50", "Claire", "'=1", "a=b", "", "1=1"]
)
def test_names_figures_and_telephone_numbers_stay_as_they_are(text: str) -> None:
    assert csv_out.cell(text) == text


def test_values_are_written_as_imports_read_them() -> None:
    values = [None, True, False, Decimal("1E+2"), 3, datetime(2026, 3, 1, 9, 30, tzinfo=UTC), date(2026, 3, 1)]
    assert [csv_out.cell(value) for value in values] == [
        "",
        "true",
        "false",
        "100",
        "3",
        "2026-03-01T09:30:00+00:00",
        "2026-03-01",
    ]


@given(
    st.lists(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2))
)
def test_a_file_read_again_gives_its_cells(rows: list[list[str]]) -> None:
    text = "".join(csv_out.lines(["a", "b"], rows, separator=";"))
    assert text.startswith(csv_out.BOM)
    read = list(csv.reader(io.StringIO(text.removeprefix(csv_out.BOM), newline=""), delimiter=";"))
    assert read == [["a", "b"], *([csv_out.cell(value) for value in row] for row in rows)]
    assert not any(csv_out.is_formula(value) for row in read for value in row)
