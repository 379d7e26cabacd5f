"""Files and folders, redacted into a second place and restored from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sadari.data import DataError
from sadari.data.redact import FileRedactor, Vault, find, vault_path

LINE = "담당자: 이서연, 010-2345-6789, a@example.com"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(vault_path(tmp_path, "shop"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text(f"{LINE}\n\n{LINE}\n", encoding="utf-8")
    (folder / "deep" / "b.jsonl").write_text(
        json.dumps({"customer_name": "이서연", "say": [LINE, 5, None]}) + "\n", encoding="utf-8"
    )
    (folder / "c.json").write_text(json.dumps({"배송지": "양화로 186 5층"}))
    (folder / "d.csv").write_bytes(
        '고객명,메모\n이서연,"가, 나\n다"\n김철수,없음\n'.encode("cp949")
    )
    (folder / "e.txt").write_bytes(LINE.encode("utf-16"))
    return folder


def test_a_folder_there_and_back(folder: Path, tmp_path: Path, vault: Vault) -> None:
    (folder / "photo.png").write_bytes(b"\x89PNG")
    (folder / "bad.json").write_text("{")
    (folder / "binary.txt").write_bytes(b"a\x00b")
    (tmp_path / "outside.txt").write_text(LINE)
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    clean, back = tmp_path / "clean", tmp_path / "back"
    redactor = FileRedactor(vault)
    step = redactor.run(folder, clean)
    assert (step.rows_in, step.rows_out) == (9, 5)
    assert {Path(row.source).name: row.reason.split(":")[0] for row in step.set_aside} == {
        "photo.png": ".png is no text that I know",
        "bad.json": "is no JSON",
        "binary.txt": "holds NUL bytes",
        "link.txt": "a link that leads out of the folder",
    }
    everything = "".join(p.read_text(encoding="utf-8") for p in clean.rglob("*.*"))
    for value in ("이서연", "010-2345-6789", "a@example.com", "양화로"):
        assert value not in everything
    assert (clean / "a.txt").read_text(encoding="utf-8").count("[NAME_1], [PHONE_1]") == 2
    assert redactor.counts["phone"] == 4
    FileRedactor(vault, back=True).run(clean, back)
    assert (back / "a.txt").read_text(encoding="utf-8") == f"{LINE}\n\n{LINE}\n"
    assert (back / "e.txt").read_text(encoding="utf-8") == LINE
    assert json.loads((back / "deep" / "b.jsonl").read_text(encoding="utf-8"))["say"][0] == LINE
    assert (back / "d.csv").read_text(encoding="utf-8").startswith("고객명,메모\n이서연,")


def test_what_is_not_gone_into_is_named(folder: Path, tmp_path: Path, vault: Vault) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / ".git").mkdir()
    (folder / ".git" / "config.txt").write_text(LINE)
    (folder / ".notes.txt").write_text(LINE)
    (folder / "twice.json").write_text('{"a": "010-2345-6789", "a": "b"}')
    (folder / "bad.jsonl").write_text('{"a": "b"}\n{"a": NaN}\n')
    step = FileRedactor(vault).run(folder, tmp_path / "clean")
    assert step.rows_in == step.rows_out + len(step.set_aside)
    assert {Path(row.source).name: row.reason for row in step.set_aside} == {
        "linked": "a link that leads out of the folder",
        ".git": "hidden",
        ".notes.txt": "hidden",
        "twice.json": "is no JSON: names a twice in one object.",
        "bad.jsonl": "is no JSONL: line 2: holds NaN, which is no number in JSON.",
    }


def test_cells_keep_their_line_ends(tmp_path: Path, vault: Vault) -> None:
    """A lone carriage return must stand in quotes, or the table can't be read again."""
    (tmp_path / "a.csv").write_bytes('메모,b\n"이서연\r고객님","c\r\nd"\n'.encode())
    FileRedactor(vault).run(tmp_path / "a.csv", tmp_path / "b.csv")
    FileRedactor(vault, back=True).run(tmp_path / "b.csv", tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()


@pytest.mark.parametrize(
    ("heading", "value", "kind"),
    [
        ("고객명", "이산", "name"),
        ("customer_name", "어진솔", "name"),
        ("주소", "양화로 186 5층", "address"),
        ("address", "테헤란로 427", "address"),
        ("계좌번호", "110-234-567890", "account"),
        ("passport_no", "M12345678", "passport"),
    ],
)
def test_a_heading_is_context(heading: str, value: str, kind: str) -> None:
    assert find(value) == ()
    [span] = find(value, heading)
    assert (value[span.start : span.end], span.kind) == (value, kind)


def test_a_heading_makes_no_person_of_a_thing() -> None:
    assert find("A-110-234-567890", "part_no") == ()
    assert find("이산화탄소", "물질명") == ()


def test_nothing_is_written_over_what_is_read(folder: Path, vault: Vault) -> None:
    with pytest.raises(DataError, match="would be written over itself"):
        FileRedactor(vault).run(folder, folder / "clean")
    with pytest.raises(DataError, match="does not exist"):
        FileRedactor(vault).run(folder / "gone", folder)


@pytest.mark.parametrize("name", ["../x", "", "a/b", "가"])
def test_a_name_of_a_map_is_a_plain_word(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="is no name for a map"):
        vault_path(tmp_path, name)
