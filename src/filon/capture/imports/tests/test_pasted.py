"""Rows pasted from a spreadsheet: read as they were copied, with names of columns or without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from filon.capture.imports import pasted
from filon.capture.imports.reading import read_rows, sniff
from filon.capture.models import Import


def table(text: str, folder: Path) -> tuple[list[str], list[list[str]]]:
    path = folder / "rows"
    path.write_bytes(pasted.as_file(text))
    layout = sniff(path)
    return layout.header, [row.cells for row in read_rows(path, layout)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        ("Nom\tE-mail\r\nAna\tana@acier.fr\r\n", ["Nom", "E-mail"], [["Ana", "ana@acier.fr"]]),
        (
            "Ana\tana@acier.fr\nBob\tbob@acier.fr",
            ["Column 1", "email"],
            [["Ana", "ana@acier.fr"], ["Bob", "bob@acier.fr"]],
        ),
        ("Ana\t06 12 34 56 78\t", ["Column 1", "phone", "Column 3"], [["Ana", "06 12 34 56 78", ""]]),
        ('Nom\tNote\nAna\t"deux\nlignes; et, ""plus"""', ["Nom", "Note"], [["Ana", 'deux\nlignes; et, "plus"']]),
        ("Nom\tMontant; €\nAna\t1,5; 2", ["Nom", "Montant; €"], [["Ana", "1,5; 2"]]),
        ("\n\nNom\tAnnée\n\0Ana\t2024\n\n", ["Nom", "Année"], [["Ana", "2024"]]),
    ],
)
def test_rows_are_read_as_they_were_copied(text: str, header: list[str], rows: list[list[str]], tmp_path: Path) -> None:
    assert table(text, tmp_path) == (header, rows)


def test_nothing_pasted_is_no_file() -> None:
    assert pasted.as_file(" \r\n\t ") == b""


def test_the_box_opens_the_mapping_without_a_script(db: None, signed_in_client: Callable[..., Any]) -> None:
    client = signed_in_client("marketing")
    rows = "Ana Petit\tana@acier.fr\nBob Roy\tbob@acier.fr\n"
    answer = client.post("/capture/imports/new", {"kind": "leads", "rows": rows})
    planned = Import.objects.get()
    assert answer["Location"] == f"/capture/imports/{planned.pk}"
    assert planned.expected_rows == 2
    assert [choice["field"] for choice in planned.plan["choices"]][1] == "email"
    refused = client.post("/capture/imports/new", {"kind": "leads", "rows": "  "})
    assert refused.status_code == 422
    assert signed_in_client("sdr").post("/capture/imports/new", {"kind": "leads", "rows": rows}).status_code in {
        303,
        403,
    }
    assert Import.objects.count() == 1
