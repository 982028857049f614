"""The documentation says what is so: generated pages are fresh, links lead somewhere, decisions have their four parts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tools.generate_docs import PAGES, main, stale, write

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def test_generated_pages_are_what_the_code_says():
    assert stale() == []


def test_a_stale_page_is_named_and_written_anew(tmp_path):
    assert stale(tmp_path) == list(PAGES)
    write(tmp_path)
    (tmp_path / "tables.md").write_text("old", encoding="utf-8")
    assert stale(tmp_path) == ["tables.md"]
    write(tmp_path)
    assert stale(tmp_path) == []


def test_the_check_needs_to_be_told_what_to_do(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert "--check" in capsys.readouterr().err


def test_every_link_inside_the_documentation_leads_somewhere():
    links = [(page, target) for page in DOCS for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
    assert [f"{page.relative_to(ROOT)}: {target}" for page, target in links if not (page.parent / target).exists()] == []


def test_every_decision_has_context_choice_rejected_and_price():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{n:04d}" for n in range(1, len(pages) + 1)]
    headings = {page.name: re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE) for page in pages}
    assert {name: found for name, found in headings.items() if found != ["Context", "Choice", "Rejected", "Price"]} == {}


def test_the_glossary_is_in_order_and_says_each_word_once():
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    words = [line.split("|")[1].strip().lower() for line in lines if line.startswith("| ")][2:]
    assert words == sorted(set(words))


def test_no_file_names_a_place_on_the_machine_of_its_author():
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    place = re.compile(r"(?<![\w.])/(?:root|home|work|Users)/\w")
    found = []
    for name in filter(None, done.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path != Path(__file__):
            text = path.read_bytes().decode("utf-8", "replace")
            found += [f"{name}: {match[0]}" for match in place.finditer(text)]
    assert found == []
