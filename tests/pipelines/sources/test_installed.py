"""Text of installed packages."""

from __future__ import annotations

import json

import pytest

from pipelines.contract.errors import InputError
from pipelines.sources.base import Fault, Listing, Record, Skipped
from pipelines.sources.installed import KINDS, Installed


def install(root, name, files, metadata="", *, editable=False):
    """A distribution as pip leaves it."""
    info = f"{name}-1.0.dist-info"
    everything = {f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}".encode(), **files}
    if editable:
        everything[f"{info}/direct_url.json"] = json.dumps({"url": "file:///x", "dir_info": {"editable": True}}).encode()
    for path, data in everything.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    lines = [f"{path},sha256=x,{len(data)}\n" for path, data in everything.items()]
    (root / info / "RECORD").write_text("".join([*lines, f"{info}/RECORD,,\n"]))


def read(**options):
    source = Installed(**options)
    return [met for unit in source.look().units for met in source.read(unit) if not isinstance(met, Skipped)]


MODULE = b'''"""The module."""

class A:
    """The class."""

    def f(self):
        """  The method,
             on two lines."""
        if True:
            def g():
                """Within."""

def h():
    return """no docstring"""
'''


def test_each_kind_of_text_is_found_with_the_licence_of_its_package(tmp_path):
    files = {"pkg/__init__.py": MODULE, "pkg/docs/guide.rst": b"Guide", "pkg-1.0.dist-info/licenses/LICENSE": b"Do as you like."}
    install(tmp_path, "pkg", files, "License-Expression: MIT\n\nThe description.\n")
    found = {m.kind: m for m in read(path=tmp_path)}
    assert set(found) == set(KINDS)
    assert found["readme"].text == "The description."
    assert found["license"].text == "Do as you like."
    assert found["doc"].text == "Guide"
    assert found["docstring"].text == "The module.\n\nThe class.\n\nThe method,\non two lines.\n\nWithin."
    assert {m.license for m in found.values()} == {"MIT"}
    assert found["docstring"].key == "pkg:pkg/__init__.py"
    assert found["docstring"].origin == "pkg"


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("License: BSD\n", "BSD"),
        ("License: " + "long " * 50 + "\nClassifier: License :: OSI Approved :: MIT License\n", "MIT License"),
        ("Classifier: Topic :: Text\n", None),
    ],
)
def test_the_licence_is_the_declared_one(tmp_path, metadata, expected):
    install(tmp_path, "pkg", {"pkg/a.md": b"x"}, metadata)
    assert [m.license for m in read(path=tmp_path)] == [expected]


def test_editable_installs_excluded_packages_and_test_folders_are_left_out(tmp_path):
    install(tmp_path, "mine", {"mine/a.md": b"x"}, editable=True)
    install(tmp_path, "Other_Thing", {"other/a.md": b"x"})
    install(tmp_path, "kept", {"kept/a.md": b"x", "kept/tests/data.txt": b"x", "../bin/tool.txt": b"x", "kept/lib.so": b"x"})
    source = Installed(path=tmp_path, exclude_distributions=("other-thing",))
    [unit] = source.look().units
    assert unit.name == "kept"
    assert [m.file for m in source.read(unit) if isinstance(m, Record)] == ["kept/a.md"]


def test_what_cannot_be_read_is_a_fault_without_its_text(tmp_path):
    files = {"p/a.md": b"SECRET \xff", "p/b.md": b"SECRET\0", "p/c.py": b'"""doc"""\nSECRET = = 1', "p/d.py": b'"""\\ud800 SECRET"""', "p/e.md": b"x"}
    install(tmp_path, "p", files)
    (tmp_path / "p" / "e.md").unlink()
    met = read(path=tmp_path)
    assert [(m.file[-4:], m.error) for m in met if isinstance(m, Fault)] == [
        ("a.md", "invalid_utf8"), ("b.md", "binary"), ("c.py", "not_python"), ("d.py", "invalid_utf8"), ("e.md", "unreadable_file"),
    ]  # fmt: skip
    assert not any("SECRET" in m.message for m in met)


def test_caps_are_kept_and_every_kind_stays(tmp_path):
    for number in range(4):
        modules = {f"p{number}/m{i}.py": MODULE for i in range(20)}
        docs = {f"p{number}/{i}.md": b"doc" for i in range(5)}
        install(tmp_path, f"p{number}", {**modules, **docs, f"p{number}/LICENSE": b"free"}, "\nAbout.\n")
    met = read(path=tmp_path, max_documents=12)
    assert len(met) == 12
    assert {m.kind for m in met} == set(KINDS)
    assert len({m.origin for m in met}) > 1
    few = read(path=tmp_path, max_bytes=1000)
    assert sum(m.length for m in few) <= 1000
    assert read(path=tmp_path, max_documents=12) == met


def test_a_missing_folder_is_an_error_and_an_empty_one_is_a_case(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        Installed(path=tmp_path / "absent").look()
    assert Installed(path=tmp_path).look() == Listing()


def test_the_running_environment_has_enough_to_read_and_this_project_is_not_in_it():
    source = Installed(max_documents=200)
    looked = source.look()
    units = [unit.name for unit in looked.units]
    assert "assay" not in units
    assert len(units) > 20
    assert set(looked.fingerprints) == set(units)
    assert len({m.kind for m in read(max_documents=200) if not isinstance(m, Fault)}) >= 3
