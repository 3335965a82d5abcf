"""Rubbish: every row is a row or a bad row, and nothing but UnreadableFile escapes."""

import gzip
import io
import pickle
import random
import struct
import zipfile
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.capture.imports.reading import BadRow, Row, UnreadableFile, read_rows, sniff
from filon.capture.imports.tests.conftest import make_xlsx, text_cell

MEGABYTE = "x" * 2**20


def parquet_bytes(*, damage=None, cut=None):
    buffer = io.BytesIO()
    table = pa.table({"a": [f"value {n}" for n in range(200)], "b": list(range(200))})
    pq.write_table(table, buffer, row_group_size=100, compression="snappy", write_page_checksum=True)
    content = bytearray(buffer.getvalue())
    if damage:
        content[damage[0] : damage[1]] = b"\xff" * (damage[1] - damage[0])
    return bytes(content[:cut])


def bad_utf8_parquet():
    raw = pa.array([b"ok", b"\xff\xfe", b"fine"], pa.binary())
    text = pa.StringArray.from_buffers(3, raw.buffers()[1], raw.buffers()[2])
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": text}), buffer)
    return buffer.getvalue()


def plain_zip(size=10):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "a,b\n" * size)
    return buffer.getvalue()


def lying_xlsx(size):
    """Its directory says that the sheet has `size` bytes."""
    content = bytearray(make_xlsx('<row r="1">' + text_cell("A1", "a" * 100_000) + "</row>"))
    entry = content.rindex(b"xl/worksheets/sheet1.xml") - 46
    struct.pack_into("<I", content, entry + 24, size)
    return bytes(content)


XLSX = make_xlsx(f'<row r="1">{text_cell("A1", "a")}</row><row r="2">{text_cell("A2", "1")}</row>')
RANDOM = random.Random(7)

# name, content, rows (data rows as a person counts them), bad rows among them; None for a file that cannot be read
CASES = [
    ("empty.csv", b"", None, 0),
    ("only_blank_lines.csv", b"\n\n\r\n", None, 0),
    ("only_a_bom.csv", b"\xef\xbb\xbf", None, 0),
    ("header_only.csv", b"a,b\n", 0, 0),
    ("header_without_end.csv", b"a,b", 0, 0),
    ("one_column.csv", b"email\na@b.fr\nc@d.fr\n", 2, 0),
    ("one_column_empty_cell.csv", b'email\n""\nx\n', 2, 0),
    ("no_last_line_end.csv", b"a,b\n1,2", 1, 0),
    ("blank_lines_between.csv", b"a,b\n\n1,2\n\n\n3,4\n\n", 2, 0),
    ("spaces_only_line.csv", b"a,b\n   \n1,2\n", 1, 0),
    ("separators_only.csv", b"a,b\n,\n1,2\n", 2, 0),
    ("blank_lines_first.csv", b"\n\n,,\na,b\n1,2\n", 1, 0),
    ("too_many_cells.csv", b"a,b\n1,2,3\n4,5\n", 2, 1),
    ("too_many_empty_cells.csv", b"a,b\n1,2,,,\n4,5\n", 2, 0),
    ("comma_at_each_end.csv", b"a,b,\n1,2,\n4,5,\n", 2, 0),
    ("too_few_cells.csv", b"a,b,c\n1\n2,3\n", 2, 0),
    ("all_ragged.csv", b"a,b\n1\n1,2,3\n1,2,3,4\n\n1,2\n", 4, 2),
    ("cr_only.csv", b"a,b\r1,2\r3,4\r", 2, 0),
    ("mixed_line_ends.csv", b"a,b\r\n1,2\n3,4\r5,6\r\n", 3, 0),
    ("nul_in_a_cell.csv", b"a,b\n1\0,2\n3,4\n", 2, 0),
    ("nul_cells.csv", b"a,b\n\0,\0\n3,4\n", 2, 0),
    ("nul_in_header.csv", b"a\0,b\n1,2\n", 1, 0),
    ("open_quote_at_end.csv", b'a,b\n1,2\n3,"4\n', 2, 1),
    ("open_quote_at_end_without_line_end.csv", b'a,b\n1,2\n3,"4', 2, 1),
    ("open_quote_in_first_row.csv", b'a,b\n"1,2\n3,4\n5,6\n', 3, 1),
    ("open_quote_then_many_rows.csv", b'a,b\n"1,2\n' + b"3,4\n" * 5000, 5001, 1),
    ("open_quote_beyond_reach.csv", b'a,b\n"1,2\n' + b"3,4\n" * 120_000, 120_001, 1),
    ("two_open_quotes.csv", b'a,b\n"1,2\n3,4\n5,6\n"7,8\n9,10\n', 5, 2),
    ("many_open_quotes.csv", b"a,b\n" + (b"1,2\n" * 10 + b'"x,1\n') * 500, 5500, 500),
    ("open_quote_before_quoted_lines.csv", b'a,b\n"1,2\n3,4\n"x\ny",6\n7,8\n', 4, 1),
    ("open_quote_in_header.csv", b'"a,b\n1,2\n3,4\n', 2, 0),
    ("only_a_quote.csv", b'"', 0, 0),
    ("text_after_quote.csv", b'a,b\n"1"x,2\n3,4\n', 2, 0),
    ("quote_in_the_middle.csv", b'a,b\n12" pipe,2\n3,4\n', 2, 0),
    ("lonely_quote_cell.csv", b'a,b\n",2\n3,4\n', 2, 1),
    ("doubled_quotes.csv", b'a,b\n"say ""hi""",2\n', 1, 0),
    ("every_row_an_open_quote.csv", b"a,b\n" + b'x"y,"z\n' * 3000, 3000, 3000),
    ("megabyte_cell.csv", f"a,b\n{MEGABYTE},2\n3,4\n".encode(), 2, 0),
    ("megabyte_quoted_lines.csv", ('a,b\n"' + "line\n" * 40_000 + '",2\n3,4\n').encode(), 2, 0),
    ("line_too_long.csv", b"a,b\n1,2\n" + b"x" * (17 * 2**20) + b"\n3,4\n", 3, 1),
    ("line_too_long_in_quotes.csv", b'a,b\n"1\n' + b"x" * (17 * 2**20) + b'\n",4\n5,6\n', 4, 3),
    (
        "ten_thousand_columns.csv",
        (",".join(f"c{n}" for n in range(10_000)) + "\n" + "1," * 9999 + "1\n").encode(),
        1,
        0,
    ),
    ("too_many_columns.csv", b"," * 30_000 + b"a\n", None, 0),
    ("undecodable_row.csv", "a,b\né,1\nô,2\nù,3\n".encode() + b"\xe9,4\nx,5\n", 5, 1),
    ("undecodable_header.csv", b"a\xe9,b\n" + "é,1\nè,2\n".encode(), 2, 0),
    ("undecodable_quoted_lines.csv", "a,b\né,1\nô,2\n".encode() + b'"x\n\xe9\ny",4\nx,5\n', 4, 1),
    ("cp1252_with_unknown_bytes.csv", b"a,b\n\xe9,1\n\xe8,2\n\x81,3\n", 3, 1),
    ("latin_and_utf8.csv", "a,b\né,1\n".encode() + b"\xe9,2\n", 2, 1),
    ("cut_in_a_letter.csv", "a,b\né,1\nè,2\n3,é".encode()[:-1], 3, 1),
    ("utf16_odd_length.csv", "a,b\n1,2\n3,4".encode("utf-16") + b"x", 2, 1),
    (
        "utf16_lone_surrogate.csv",
        b"\xff\xfe" + "a,b\n1,".encode("utf-16-le") + b"\x00\xd8\n\x00" + "3,4\n".encode("utf-16-le"),
        2,
        1,
    ),
    ("utf16_bom_only.csv", b"\xff\xfe", None, 0),
    ("overlong_utf8.csv", "a,b\né,é\n".encode() + b"\xc0\xaf,1\n", 2, 1),
    ("surrogates_in_utf8.csv", "a,b\néé,éé\n".encode() + b"\xed\xa0\x80,1\n", 2, 1),
    ("duplicate_names.csv", b"a,a,a\n1,2,3\n", 1, 0),
    ("no_names.csv", b",,\n1,2,3\n", 0, 0),
    ("controls.csv", b"a,b\n\x01\x02\x07,\x1b[0m\n", 1, 0),
    ("unicode_line_ends.csv", "a,b\n1\u2028x,2\u2029\n3\x0b,4\x0c\n5\x85,6\n".encode(), 3, 0),
    ("random_bytes.csv", RANDOM.randbytes(20_000), None, 0),
    ("random_with_zeros.csv", b"\0" * 10_000, None, 0),
    ("a_picture.csv", b"\x89PNG\r\n\x1a\n" + RANDOM.randbytes(500), None, 0),
    ("a_document.csv", b"%PDF-1.7\n", None, 0),
    ("a_page.csv", b"<!DOCTYPE html><html><body>Sign in</body></html>", None, 0),
    ("compressed.csv", gzip.compress(b"a,b\n1,2\n"), None, 0),
    ("a_zip.xlsx", plain_zip(), None, 0),
    ("fine.xlsx", XLSX, 1, 0),
    ("truncated.xlsx", XLSX[: len(XLSX) // 2], None, 0),
    ("first_bytes_only.xlsx", XLSX[:10], None, 0),
    ("text_named.xlsx", b"a,b\n1,2\n", 1, 0),
    ("broken_sheet.xlsx", make_xlsx('<row r="1"><c r="A1"><v>1</v></row>'), None, 0),
    ("no_rows.xlsx", make_xlsx(""), None, 0),
    (
        "blank_rows.xlsx",
        make_xlsx(f'<row r="2">{text_cell("B2", "a")}</row><row r="9">{text_cell("B9", "1")}</row>'),
        1,
        0,
    ),
    (
        "far_cell.xlsx",
        make_xlsx(f'<row r="1">{text_cell("A1", "a")}</row><row r="1048576">{text_cell("XFD1048576", "z")}</row>'),
        None,
        0,
    ),
    ("bomb.xlsx", lying_xlsx(800 * 2**20), None, 0),
    ("lying.xlsx", lying_xlsx(100), None, 0),
    ("old_rubbish.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + RANDOM.randbytes(600), None, 0),
    ("fine.parquet", parquet_bytes(), 200, 0),
    ("truncated.parquet", parquet_bytes(cut=300), None, 0),
    ("no_footer.parquet", parquet_bytes(cut=-8), None, 0),
    ("damaged_group.parquet", parquet_bytes(damage=(40, 80)), 200, 100),
    ("bad_text.parquet", bad_utf8_parquet(), 3, 1),
    ("invalid_line.jsonl", b'{"a":1}\n{"a":\n{"a":3}\n', 3, 1),
    ("scalars.jsonl", b'{"a":1}\n5\n"x"\nnull\n[1]\n', 5, 4),
    ("blank_lines.jsonl", b'{"a":1}\n\n   \n{"a":2}', 2, 0),
    ("two_on_a_line.jsonl", b'{"a":1}\n{"a":2}{"a":3}\n', 2, 1),
    ("deep.jsonl", b'{"a":1}\n{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", 2, 1),
    ("deep_objects.jsonl", b'{"a":1}\n' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"\n", 2, 0),
    ("lone_surrogate.jsonl", b'{"a":"\\ud800"}\n{"a":"\\ud83d\\ude00"}\n', 2, 1),
    ("undecodable.jsonl", '{"a":"é"}\n{"a":"è"}\n'.encode() + b'{"a":"\xe9"}\n', 3, 1),
    ("nan.jsonl", b'{"a":NaN}\n{"a":1e999}\n', 2, 0),
    ("no_json_at_all.jsonl", b"hello\nworld\n", 1, 0),
    ("array.json", b'[{"a":1},{"a":2}]', 2, 0),
    ("cut_array.json", b'[{"a":1},{"a":2},{"a":', 3, 1),
    ("bad_object.json", b'[{"a":1},{"a" 2},{"a":3}]', 3, 1),
    ("scalars.json", b'[{"a":1}, 5, null, {"a":2}]', 4, 2),
    ("empty_array.json", b"[]", None, 0),
    ("one_object.json", b'{\n "a": 1,\n "b": {"c": 2}\n}', 1, 0),
    ("braces_in_text.csv", b"{a},{b}\n1,2\n", 1, 0),
]


@pytest.mark.parametrize(("name", "content", "rows", "bad"), CASES, ids=[case[0] for case in CASES])
def test_every_row_is_accounted_for(write, name, content, rows, bad):
    path = write(content, name)
    if rows is None:
        with pytest.raises(UnreadableFile) as refusal:
            list(read_rows(path, sniff(path)))
        assert len(str(refusal.value)) > 20
        return
    layout = sniff(path)
    found = list(read_rows(path, layout))
    assert len(found) == rows
    assert sum(isinstance(row, BadRow) for row in found) == bad
    assert [row.number for row in found] == list(range(1, rows + 1))
    assert [row.line for row in found] == sorted(row.line for row in found)
    for row in found:
        if isinstance(row, BadRow):
            assert row.reason % row.params
            row.raw.encode()  # what is shown can be stored
        else:
            assert len(row.cells) == len(layout.header)
            "".join(row.cells).encode()


def test_there_are_many_malformed_files():
    assert len(CASES) >= 60


def test_a_bad_row_says_where_and_why(write):
    path = write(b'a,b\n"x\ny",1\n' + "é,è\nô,ù\n".encode() + b"ok,caf\xe9\n1,2,3\n")
    bad = [row for row in read_rows(path, sniff(path)) if isinstance(row, BadRow)]
    assert [(row.number, row.line, row.column, row.reason_code, row.raw) for row in bad] == [
        (4, 6, "b", "not_decodable", "ok,caf\\xe9"),
        (5, 7, "", "too_many_cells", "1,2,3"),
    ]
    assert bad[1].reason % bad[1].params == "The row has 3 cells for 2 columns: look for a missing quote."


def test_after_an_open_quote_the_next_rows_are_read(write):
    path = write(b'a,b\n1,"2\n3,4\n5,6\n')
    rows = list(read_rows(path, sniff(path)))
    assert (rows[0].reason_code, rows[0].line, rows[0].raw) == ("open_quote", 2, '1,"2')
    assert rows[1:] == [Row(2, 3, ["3", "4"]), Row(3, 4, ["5", "6"])]


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UnreadableFile, match="cannot be opened"):
        sniff(tmp_path / "nothing.csv")
    with pytest.raises(UnreadableFile, match="cannot be opened"):
        sniff(tmp_path)


def test_a_sheet_that_is_not_there_is_told(write):
    with pytest.raises(UnreadableFile, match="It has: Leads"):
        sniff(write(XLSX, "x.xlsx"), sheet="Prospects")


def test_an_unreadable_file_travels_between_processes(write):
    with pytest.raises(UnreadableFile) as refusal:
        sniff(write(b""))
    copy = pickle.loads(pickle.dumps(refusal.value))
    assert (copy.code, str(copy)) == (refusal.value.code, str(refusal.value))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize(("name", "content"), [("x.xlsx", XLSX), ("x.parquet", parquet_bytes())])
def test_random_damage_never_escapes(write, name, content, seed):
    chance = random.Random(seed)
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 20)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    path = write(bytes(damaged), name)
    with suppress(UnreadableFile):
        rows = list(read_rows(path, sniff(path)))
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))


@given(content=st.one_of(st.binary(max_size=300), st.text("a,;\"'\n\r\t|{}[]:é\0", max_size=80).map(str.encode)))
def test_any_bytes_are_rows_or_unreadable(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "x.csv"
    path.write_bytes(content)
    try:
        layout = sniff(path)
        rows = list(read_rows(path, layout))
    except UnreadableFile:
        return
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert list(read_rows(path, layout, start_row=1)) == rows[1:]
