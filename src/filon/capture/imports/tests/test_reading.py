"""Reading real files to the cell."""

import csv
import json
import tracemalloc
from itertools import islice

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.capture.imports.reading import Row, UnreadableFile, read_rows, sniff
from filon.capture.imports.tests.conftest import DATA, make_xlsx, text_cell


def read(path, **options):
    layout = sniff(path)
    return layout, list(read_rows(path, layout, **options))


def cells(rows):
    assert all(isinstance(row, Row) for row in rows)
    return [row.cells for row in rows]


@pytest.mark.parametrize("path", sorted((DATA / "csv_import").rglob("*.csv")), ids=lambda path: path.stem)
def test_csv_spectrum_reads_as_expected(path):
    expected = json.loads((path.parents[1] / "json" / f"{path.stem}.json").read_text())
    layout, rows = read(path)
    if path.stem == "location_coordinates":  # its JSON tells of another phone number: see the data's README
        assert len(rows) == 1
        return
    assert [dict(zip(layout.header, row, strict=True)) for row in cells(rows)] == expected


def test_a_french_excel_file_reads_as_its_utf8_twin(data):
    french, french_rows = read(data / "french" / "sirene_stock_2017_extract_cp1252_semicolon.csv")
    twin, twin_rows = read(data / "french" / "sirene_stock_2017_extract.csv")
    assert (french.encoding, french.separator) == ("cp1252", ";")
    assert (twin.encoding, twin.separator) == ("utf-8", ",")
    assert french.header == twin.header
    assert cells(french_rows) == cells(twin_rows)
    assert len(french_rows) == 4


def test_x_education_has_its_rows_and_an_unnamed_empty_column(data):
    layout, rows = read(data / "x_education" / "Leads.csv")
    assert len(layout.header) == 38
    assert layout.header[-1] == "Column 38"
    assert len(cells(rows)) == 9240
    converted = layout.header.index("Converted")
    assert sum(row.cells[converted] == "1" for row in rows) == 3561
    assert {row.cells[37] for row in rows} == {""}


def test_embedded_newlines_of_a_real_file_keep_true_lines(data):
    path = data / "dedup" / "chicago_sites" / "csv_example_messy_input_org_columns.csv"
    _, rows = read(path)
    assert len(rows) == 3337
    physical = path.read_bytes().splitlines(keepends=True)
    for row in rows:
        assert physical[row.line - 1].decode().startswith(f"{row.cells[0]},")


def test_the_data_dictionary_workbook_reads(data):
    layout, rows = read(data / "x_education" / "Leads Data Dictionary.xlsx")
    assert layout.format == "xlsx"
    assert any("Lead Origin" in row.cells for row in rows)


TABLE = 'name;city\nÉlodie;Orléans\n"Zoë\nB";€ 5\n'


@pytest.mark.parametrize(
    ("encoding", "mark", "name"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8-sig"),
        ("utf-16-le", b"\xff\xfe", "utf-16"),
        ("utf-16-be", b"\xfe\xff", "utf-16"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("utf-32-le", b"\xff\xfe\x00\x00", "utf-32"),
        ("cp1252", b"", "cp1252"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_common_encoding_and_separator(write, encoding, mark, name, separator):
    path = write(mark + TABLE.replace(";", separator).encode(encoding))
    layout, rows = read(path)
    assert (layout.encoding, layout.separator, layout.header) == (name, separator, ["name", "city"])
    assert cells(rows) == [["Élodie", "Orléans"], ["Zoë\nB", "€ 5"]]
    assert [row.line for row in rows] == [2, 3]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end(write, end):
    _, rows = read(write(end.join(["a,b", "1,2", '"x', 'y",3', "4,5"])))
    assert cells(rows) == [["1", "2"], [f"x{end}y", "3"], ["4", "5"]]
    assert [row.line for row in rows] == [2, 3, 5]


def test_an_accent_far_down_still_decides_the_encoding(write):
    path = write(b"name,city\n" + b"ana,paris\n" * 300_000 + "Zoé,Orléans\n".encode("cp1252"))
    layout = sniff(path)
    assert layout.encoding == "cp1252"
    assert [row.cells for row in read_rows(path, layout, start_row=300_000)] == [["Zoé", "Orléans"]]


def test_excels_separator_hint_is_obeyed_and_is_no_row(write):
    layout, rows = read(write("sep=|\r\na,x|b\r\n1|2\r\n"))
    assert layout.header == ["a,x", "b"]
    assert [(row.line, row.cells) for row in rows] == [(3, ["1", "2"])]


def test_decimal_commas_do_not_make_the_separator(write):
    layout, rows = read(write("prix;remise\n1,5;2,5\n3,0;4,1\n"))
    assert layout.separator == ";"
    assert cells(rows) == [["1,5", "2,5"], ["3,0", "4,1"]]


def test_single_quotes_around_every_name_are_quotes(write):
    _, rows = read(write("'a','b'\n'l,x','it''s'\n"))
    assert cells(rows) == [["l,x", "it's"]]


def test_apostrophes_are_not_quotes(write):
    _, rows = read(write("nom,ville\n'l'an,Aix\nd'Or,L'Isle\n"))
    assert cells(rows) == [["'l'an", "Aix"], ["d'Or", "L'Isle"]]


def test_names_are_made_unique_and_missing_ones_get_their_place(write):
    layout, _ = read(write("a,a,,a (2), b\tc ,a\n1,2,3,4,5,6\n"))
    assert layout.header == ["a", "a (2)", "Column 3", "a (2) (2)", "b c", "a (3)"]


def test_given_settings_are_not_guessed(write):
    path = write("a;b\n1;é\n".encode("cp1252"))
    assert sniff(path, encoding="latin-1", separator=",").header == ["a;b"]
    with pytest.raises(UnreadableFile, match="encoding"):
        sniff(path, encoding="klingon")


def test_resuming_gives_the_rest_with_the_same_numbers(write):
    lines = ["a,b", "1,2", '"x', 'y",3', "4,5,6", "7", "", '8,"9', "10,11"]
    files = [
        write("\n".join(lines)),
        write('{"a":1}\nnope\n\n{"a":{"b":2}}\n', "x.jsonl"),
        write('[{"a":1},\n5,{"a":2}, {"b":]}]', "x.json"),
        write(make_xlsx("".join(f"<row r='{n}'>{text_cell(f'A{n}', f'v{n}')}</row>" for n in (2, 3, 5))), "x.xlsx"),
    ]
    for path in files:
        layout, rows = read(path)
        for start in range(len(rows) + 2):
            assert list(read_rows(path, layout, start_row=start)) == rows[start:]


def test_a_workbook_gives_dates_numbers_and_truth_as_text(write):
    header = "".join(text_cell(f"{letter}3", name) for letter, name in zip("BCDEF", "abcde", strict=True))
    values = (
        '<c r="B5" s="1"><v>43157</v></c><c r="C5" s="2"><v>43157.5</v></c><c r="D5"><v>612345678</v></c>'
        '<c r="E5"><v>12.5</v></c><c r="F5" t="b"><v>1</v></c>'
    )
    path = write(make_xlsx(f'<row r="3">{header}</row><row r="5">{values}</row>'), "x.xlsx")
    layout, rows = read(path)
    assert layout.header == list("abcde")
    assert rows == [Row(1, 5, ["2018-02-26", "2018-02-26T12:00:00", "612345678", "12.5", "true"])]


def test_json_keeps_digits_flattens_objects_and_finds_late_names(write):
    lines = [
        '{"id":12345678901234567890123,"amount":1.10,"ok":true,"none":null}',
        '{"company":{"name":"Acme"},"tags":["a"]}',
    ]
    for name, text in (("x.jsonl", "\n".join(lines)), ("x.json", "[" + ",\n ".join(lines) + "]")):
        layout, rows = read(write(text, name))
        assert layout.header == ["id", "amount", "ok", "none", "tags", "company.name"]
        assert cells(rows) == [
            ["12345678901234567890123", "1.10", "true", "", "", ""],
            ["", "", "", "", '["a"]', "Acme"],
        ]
        assert [row.line for row in rows] == [1, 2]


def test_a_pretty_printed_array_longer_than_a_chunk_reads_whole(write):
    records = [{"id": str(n), "text": 'é "}]{[' * 20} for n in range(5000)]
    layout, rows = read(write(json.dumps(records, indent=2), "x.json"))
    assert cells(rows) == [list(record.values()) for record in records]
    assert [row.line for row in rows[:2]] == [2, 6]
    assert layout.format == "json"


def test_parquet_streams_typed_columns_as_text(tmp_path):
    path = tmp_path / "x.parquet"
    table = pa.table(
        {
            "t": pa.array(["é", None], pa.string()),
            "n": pa.array([1, 2], pa.int64()),
            "f": pa.array([12.5, 3.0]),
            "d": pa.array([0, 1], pa.date32()),
            "ts": pa.array([1, 10**18 + 1], pa.timestamp("ns", "UTC")),
            "m": pa.array([[1], []], pa.list_(pa.int8())),
        }
    )
    pq.write_table(table, path, row_group_size=1)
    layout, rows = read(path)
    assert layout.header == ["t", "n", "f", "d", "ts", "m"]
    assert cells(rows) == [
        ["é", "1", "12.5", "1970-01-01", "1970-01-01T00:00:00+00:00", "[1]"],
        ["", "2", "3", "1970-01-02", "2001-09-09T01:46:40+00:00", "[]"],
    ]
    assert list(read_rows(path, layout, start_row=1)) == rows[1:]


def test_memory_does_not_grow_with_the_file(write):
    def peak(count):
        path = write(b"a,b,c\n" + b"one,two,three\n" * count)
        layout = sniff(path)
        tracemalloc.start()
        for _ in read_rows(path, layout):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(40_000) < peak(2_000) + 200_000


@given(
    table=st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\r\n\t")), min_size=3, max_size=3
        ),
        min_size=1,
        max_size=8,
    ),
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, table, separator, end):
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
        writer.writerows([["a", "b", "c"], *table])
    layout = sniff(path, encoding="utf-8")
    assert layout.separator == separator
    assert cells(list(read_rows(path, layout))) == table


def test_reading_can_stop_early(write):
    path = write("a,b\n" + "1,2\n" * 1000)
    assert len(list(islice(read_rows(path, sniff(path)), 10))) == 10
