"""``assay sql``: what is printed is all there is, or says that it is not."""

from __future__ import annotations

import csv
import io
import json

import pytest
from rich.console import Console

from app.asking import SHOWN_ROWS, ask, write
from app.queries import ask_saved
from pipelines.contract.errors import ConfigError


def printed(rows, *, width=120, as_json=False, as_csv=False):
    shown = io.StringIO()
    write(rows, Console(file=shown, width=width), as_json=as_json, as_csv=as_csv)
    return shown.getvalue()


def test_a_cut_result_says_so_beside_the_rows_and_a_whole_one_says_nothing(tiny, capfd):
    write(ask(tiny, "select range as n from range(50)", max_rows=20), Console(), as_json=False, as_csv=True)
    out, err = capfd.readouterr()
    assert len(list(csv.reader(io.StringIO(out)))) == 21
    assert "cut at 20 rows" in err
    write(ask(tiny, "select range as n from range(50)"), Console(), as_json=True, as_csv=False)
    out, err = capfd.readouterr()
    assert [row["n"] for row in json.loads(out)] == list(range(50))
    assert err == ""


def test_a_long_table_on_a_terminal_is_cut_and_tells_how_to_have_it_whole(tiny):
    text = printed(ask(tiny, f"select range as n from range({SHOWN_ROWS + 5})"))
    assert f"{SHOWN_ROWS} of {SHOWN_ROWS + 5} rows; --json or --csv gives all" in text
    assert f"\n{SHOWN_ROWS + 1}" not in text


def test_cells_are_shown_as_text_never_as_markup_and_never_obeyed_by_a_terminal(tiny):
    assert "[bold]x[/bold]" in printed(ask(tiny, "select '[bold]x[/bold]' as cell"))
    shown = printed(ask(tiny, "select chr(27) || ']0;owned' || chr(7) as cell"))
    assert "owned" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_columns_that_do_not_fit_side_by_side_are_shown_record_by_record(tiny):
    names = ["eval_id", "model", "task", "subset", "metric", "value"]
    select = ", ".join(f"'{name} of row ' || range AS {name}" for name in names)
    rows = ask(tiny, f"select {select} from range(2)")
    narrow, wide = (printed(rows, width=width).splitlines() for width in (80, 160))
    assert [line.split("│")[0].strip() for line in narrow if "│" in line] == names * 2
    assert any("subset of row 1" in line for line in narrow)
    assert all(name in wide[0] for name in names)
    assert "[b]" in printed(ask(tiny, 'select 1 as "[b]"'))


def test_columns_of_one_name_keep_their_own_values(tiny, capsys):
    rows = ask(tiny, "select 1 as a, 2 as a, 3 as b, 4 as a")
    write(rows, Console(), as_json=True, as_csv=False)
    assert json.loads(capsys.readouterr().out) == [{"a": 1, "a_1": 2, "b": 3, "a_2": 4}]
    assert [cell.strip() for cell in printed(rows).splitlines()[-1].split("│")] == ["1", "2", "3", "4"]


def test_json_and_csv_hold_what_both_can_hold(tiny, capfd):
    rows = ask(tiny, "select 1.5 as x, 'nan'::double as y, [1, 2] as z")
    write(rows, Console(), as_json=True, as_csv=False)
    assert json.loads(capfd.readouterr().out) == [{"x": 1.5, "y": None, "z": [1, 2]}]
    write(rows, Console(), as_json=False, as_csv=True)
    assert next(iter(csv.DictReader(io.StringIO(capfd.readouterr().out))))["z"] == "[1, 2]"


def test_a_parameter_of_a_saved_query_is_typed_as_it_asks(tiny):
    row = ask_saved(tiny, "what_if", ["family=lengths", "signal=word_count", "bound=1e9"]).to_pylist()[0]
    assert row["num_below"] == row["num_docs"] > 0
    for setting, said in (("bound=many", "the parameter bound is float"), ("bond=1", "did you mean 'bound'"), ("bound", "expected name=value")):
        with pytest.raises(ConfigError, match=said):
            ask_saved(tiny, "what_if", [setting])
