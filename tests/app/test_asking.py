"""``assay sql``: what is printed is all there is, or says that it is not."""

from __future__ import annotations

import csv
import io
import json

from rich.console import Console

from app.asking import SHOWN_ROWS, ask, write


def printed(rows, *, as_json=False, as_csv=False):
    shown = io.StringIO()
    write(rows, Console(file=shown, width=120), as_json=as_json, as_csv=as_csv)
    return shown.getvalue()


def test_a_cut_result_says_so_beside_the_rows_and_a_whole_one_says_nothing(tiny, capfd):
    write(ask(tiny, "select range as n from range(50)", None, raw=False, max_rows=20), Console(), as_json=False, as_csv=True)
    out, err = capfd.readouterr()
    assert len(list(csv.reader(io.StringIO(out)))) == 21
    assert "cut at 20 rows" in err
    write(ask(tiny, "select range as n from range(50)", None, raw=False), Console(), as_json=True, as_csv=False)
    out, err = capfd.readouterr()
    assert [row["n"] for row in json.loads(out)] == list(range(50))
    assert err == ""


def test_a_long_table_on_a_terminal_is_cut_and_tells_how_to_have_it_whole(tiny):
    text = printed(ask(tiny, f"select range as n from range({SHOWN_ROWS + 5})", None, raw=False))
    assert f"{SHOWN_ROWS} of {SHOWN_ROWS + 5} rows; --json or --csv gives all" in text
    assert f"\n{SHOWN_ROWS + 1}" not in text


def test_cells_are_shown_as_text_never_as_markup(tiny):
    assert "[bold]x[/bold]" in printed(ask(tiny, "select '[bold]x[/bold]' as cell", None, raw=False))
