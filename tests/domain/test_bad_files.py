"""Whatever lies in a domain folder, `check` says what is wrong, where, and what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sadari.domain import DomainError, Problem, Problems, check_domain, read_domain

GOOD = {"id": "q", "question": "며칠?", "key": {"must": ["7일"]}, "evidence": ["returns"]}


def errors_of(domain: Path) -> list[Problem]:
    return check_domain(domain)[1].errors


def only(domain: Path) -> str:
    (error,) = errors_of(domain)
    assert error.todo, error
    return str(error)


def write_question(domain: Path, **changes: object) -> None:
    row = {k: v for k, v in {**GOOD, **changes}.items() if v != "absent"}
    text = "\n" + json.dumps(row, ensure_ascii=False)
    (domain / "questions" / "test-more.jsonl").write_text(text, encoding="utf-8")


def test_the_skeleton_is_good(domain: Path) -> None:
    found, problems = check_domain(domain)
    assert found is not None
    assert not list(problems)
    assert [d.id for d in found.documents] == ["delivery", "returns"]


# Folders


def test_no_folder(tmp_path: Path) -> None:
    found, problems = check_domain(tmp_path / "none")
    assert found is None
    assert [str(p) for p in problems] == [
        f"{tmp_path}/none: does not exist. Make one with `sadari new none`."
    ]


def test_a_file_instead_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("x")
    assert "is not a folder." in str(check_domain(tmp_path / "shop")[1][0])


@pytest.mark.parametrize("name", ["documents", "feedback", "questions"])
def test_a_file_instead_of_a_folder_in_it(domain: Path, name: str) -> None:
    shutil.rmtree(domain / name)
    (domain / name).write_text("x")
    assert any("is not a folder. Make it a folder." in str(e) for e in errors_of(domain))


@pytest.mark.parametrize("name", ["domain.toml", "glossary.csv"])
def test_a_folder_instead_of_a_file_in_it(domain: Path, name: str) -> None:
    (domain / name).unlink()
    (domain / name).mkdir()
    assert only(domain) == f"{domain}/{name}: is not a file. Make it a file."


def test_an_unknown_entry_is_warned_of(domain: Path) -> None:
    (domain / "documnets").mkdir()
    (warning,) = check_domain(domain)[1]
    assert warning.severity == "warning"
    assert "documnets: is not part of a domain folder and is not read. Known are" in str(warning)


def test_questions_under_another_name_are_warned_of(domain: Path) -> None:
    (domain / "questions" / "train.jsonl").write_text("{}")
    (warning,) = check_domain(domain)[1]
    assert "train.jsonl: is not read. Name it dev*.jsonl or test*.jsonl." in str(warning)


def test_a_document_of_an_unread_kind_is_warned_of(domain: Path) -> None:
    (domain / "documents" / "old.hwp").write_bytes(b"\xd0\xcf")
    assert ".hwp is none of .md, .txt, .json, .csv, .pdf, .hwpx" in str(check_domain(domain)[1][0])


@pytest.mark.parametrize(
    "entry", ["domain.toml", "documents", "questions", "questions/test.jsonl", "documents/x.md"]
)
def test_a_link_out_of_the_folder(domain: Path, tmp_path: Path, entry: str) -> None:
    place, outside = domain / entry, tmp_path / "outside.md"
    if place.exists():
        shutil.move(place, outside)
    else:
        outside.write_text("비밀이다.")
    place.symlink_to(outside)
    assert any("is a link that leads out of the folder. Copy" in str(e) for e in errors_of(domain))


def test_links_to_nowhere_and_in_circles(domain: Path) -> None:
    (domain / "documents" / "a.md").symlink_to(domain / "gone.md")
    (domain / "documents" / "b.md").symlink_to(domain / "documents" / "b.md")
    assert [e.what for e in errors_of(domain)] == ["is a link that leads nowhere."] * 2


def test_a_name_that_is_not_utf8(domain: Path) -> None:
    (domain / "documents" / b"\xb0\xa1.md".decode("utf-8", "surrogateescape")).write_text("가.")
    assert "has a name that is not UTF-8. Rename the file." in only(domain)
    only(domain).encode("utf-8")


# Encodings


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("가나다.".encode("cp949"), "is not UTF-8 (it reads as CP949). Convert it: iconv -f CP949"),
        (b"x\n\xff\xfe\x80", ":2: is not UTF-8."),
        ("가.".encode("utf-16"), "is UTF-16. Save it as UTF-8."),
        (b"a\nb\x00c", ":2: holds a NUL byte. Remove it"),
        (b"", ":1: holds no text. Write it or delete it."),
        (b"## only a heading\n", "holds no text."),
        (b"---\ntitle: x\n", ":1: opens front matter and never closes it."),
    ],
)
def test_a_document_of_bad_bytes(domain: Path, content: bytes, said: str) -> None:
    (domain / "documents" / "bad.md").write_bytes(content)
    assert any(said in str(e) for e in errors_of(domain))


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(domain: Path) -> None:
    text = "\ufeff---\r\ntitle: 창고\r\ntopic: place\r\n---\r\n\r\n## 위치\r\n\r\n부산에 있다.\r\n"
    (domain / "documents" / "store.md").write_text(text, encoding="utf-8", newline="")
    found, problems = check_domain(domain)
    assert found is not None
    assert not list(problems)
    document = found.documents[-1]
    assert (document.title, document.topic, document.text) == (
        "창고",
        "place",
        "## 위치\n\n부산에 있다.",
    )
    assert document.source.endswith("store.md:6")


# JSON


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "x",', "is not JSON: "),
        ("[1]", "is a list, not an object. Write {…}."),
        ('{"id": NaN}', "holds NaN, which is no number in JSON."),
        ('{"level": 1e999}', "holds 1e999, which is too large."),
        ('{"id": ' + "9" * 5000 + "}", "holds a number of 5000 digits."),
        ("[" * 100_000, "is nested too deeply."),
        ("[" * 200 + "]" * 200, "is nested too deeply."),
        ('{"id": "a", "id": "b"}', "names id twice in one object."),
        (r'{"id": "\ud800"}', "holds a NUL or half a character"),
        (r'{"id": "\u0000"}', "holds a NUL or half a character"),
    ],
)
def test_a_broken_line(domain: Path, line: str, said: str) -> None:
    path = domain / "questions" / "test-more.jsonl"
    path.write_text(f"\n{line}\n{json.dumps(GOOD)}\n", encoding="utf-8")
    assert only(domain).startswith(f"{path}:2: ")
    assert said in only(domain)
    found, _ = check_domain(domain)
    assert found is not None
    assert "q" in {q.id for q in found.questions}, "the good line is kept"


def test_characters_that_only_look_broken_are_kept(domain: Path) -> None:
    write_question(domain, question="줄\u2028바꿈 \\u0000 \\ud800 😀?")
    assert not errors_of(domain)
    surrogates = json.dumps({**GOOD, "id": "p", "question": "😀?"})
    assert "\\ud83d" in surrogates
    (domain / "questions" / "test-pair.jsonl").write_text(surrogates)
    assert not errors_of(domain)


def test_a_line_of_megabytes(domain: Path) -> None:
    (domain / "questions" / "test-more.jsonl").write_text('{"id": "' + "가" * 3_000_000 + '"}')
    assert len(only(domain)) < 300
    long = "# " + " " * 300_000 + "#" * 300_000 + "\n" + "." * 1_000_000 + "x"
    (domain / "documents" / "long.md").write_text(long)
    only(domain)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[\n {"id": "a",\n}]', ":3: is not JSON"),
        ('{"id": "a"}', "must be a JSON list of objects."),
        ('[\n"x"]', ":2: is a str, not an object."),
        ('[\n\n{"id": "a", "title": "b"}]', ":3: lacks text. Each needs id, title and text."),
        ('[{"id": " ", "title": "b", "text": "c"}]', "lacks id."),
        ('[{"id": "a", "title": "b", "text": "c", "topic": 1}]', "topic is not a string."),
        ('[{"id":"a","title":"b","text":"c"},\n{"id":"a","title":"b","text":"c"}]', ":2: the id"),
    ],
)
def test_a_list_of_documents(domain: Path, text: str, said: str) -> None:
    (domain / "documents" / "more.json").write_text(text, encoding="utf-8")
    assert said in only(domain)


# CSV


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: lacks the column term, meaning. Add a header."),
        ("term\nx\n", ":1: lacks the column meaning. Add a header."),
        ("term,meaning,meaning\n", ":1: names a column twice."),
        ('term,meaning\na,b\n"c,d\ne,f\n', ":3: is not CSV from here on:"),
        ('term,meaning\n"a"b,c\n', ":2: is not CSV from here on:"),
        ("term,meaning\na,b,c\n", ":2: has 3 fields under 2 columns."),
        ("term,meaning\n\na,\n", ":3: lacks a term or a meaning."),
        ("term,meaning\na,b\na,c\n", ":3: explains a a second time."),
        ("term,meaning\na," + "x" * 200_000, "is not CSV from here on:"),
    ],
)
def test_a_glossary(domain: Path, text: str, said: str) -> None:
    (domain / "glossary.csv").write_text(text, encoding="utf-8")
    assert said in only(domain)


# Questions and feedback


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "absent"}, "id is missing."),
        ({"id": " "}, "id is empty."),
        ({"id": "d1"}, "the id d1 is taken by"),
        ({"kind": "essay"}, "kind: input should be 'answer', 'refuse', 'state' or 'call'"),
        ({"level": 7}, "level: input should be less than or equal to 4, not 7."),
        ({"key": "absent"}, "has no key. A question of kind answer needs `key.must`."),
        ({"key": {}}, "has no key."),
        ({"key": {"must": [[]]}}, "which every answer satisfies."),
        ({"key": {"must": [["7일", " "]]}}, "which every answer satisfies."),
        ({"key": {"must": ["…"]}}, "which every answer satisfies."),
        ({"key": {"must": ["7일"], "must_not": [""]}}, "which every answer holds."),
        ({"key": {"must": [{"value": "viele"}]}}, "key.must"),
        ({"key": {"must": [{"value": 1, "tolerance": -1}]}}, "key.must"),
        ({"key": {"most": ["7일"]}}, "key.most is no known name; did you mean must?"),
        ({"evidnce": ["returns"]}, "evidnce is no known name; did you mean evidence?"),
        ({"evidence": ["return"]}, "its evidence return is no document."),
        ({"evidence": "returns"}, "evidence: "),
        ({"question": ""}, "asks nothing."),
        ({"messages": [{"role": "user", "content": "?"}]}, "has both"),
        ({"kind": "refuse"}, "is to be refused, but has `key.must`."),
    ],
)
def test_a_question(domain: Path, changes: dict[str, object], said: str) -> None:
    write_question(domain, **changes)
    assert said in str(errors_of(domain)[0])
    assert str(errors_of(domain)[0]).startswith(f"{domain}/questions/test-more.jsonl:2: ")


def test_the_same_question_in_dev_and_test(domain: Path) -> None:
    first = json.loads((domain / "questions" / "dev.jsonl").read_text().splitlines()[0])
    write_question(domain, question=f" {first['question'].rstrip('?')} ??")
    assert "asks the same as" in only(domain)
    assert "dev.jsonl:1, of the other split. Drop one" in only(domain)


def test_the_same_question_twice_in_a_split_is_warned_of(domain: Path) -> None:
    write_question(domain)
    text = json.dumps({**GOOD, "id": "r"})
    (domain / "questions" / "test-z.jsonl").write_text(text)
    (warning,) = check_domain(domain)[1]
    assert "It counts twice." in str(warning)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rating": "good"}, "rating: input should be 'up' or 'down', not 'good'."),
        ({"answer": ""}, "answer is empty."),
        ({"corection": "x"}, "corection is no known name; did you mean correction?"),
        ({"correction": 5}, "correction: input should be a valid string"),
        ({"evidence": "returns"}, "evidence: "),
        ({"evidence": ["nothing"]}, "its evidence nothing is no document."),
        ({"id": "f1"}, "the id f1 is taken by"),
    ],
)
def test_feedback(domain: Path, changes: dict[str, object], said: str) -> None:
    row = {"id": "f9", "question": "며칠?", "answer": "7일이다.", "rating": "up", **changes}
    path = domain / "feedback" / "more.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    assert said in only(domain)
    assert only(domain).startswith(f"{path}:1: ")


# domain.toml


def spoil(domain: Path, old: str, new: str) -> int:
    """Replaces `old`; the line on which it stood."""
    path = domain / "domain.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_no_domain_toml(domain: Path) -> None:
    (domain / "domain.toml").unlink()
    assert only(domain).startswith(f"{domain}/domain.toml: does not exist. Every domain has one.")
    assert check_domain(domain)[0] is None


@pytest.mark.parametrize(
    "text", ["id = ", "id = 1\nid = 2", "a = " + "[" * 5000, "n = " + "9" * 5000, "[data\nk=1"]
)
def test_bad_toml(domain: Path, text: str) -> None:
    (domain / "domain.toml").write_text(text)
    assert "is not TOML: " in only(domain)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("{ tools = 1 }", "'tools' is set by sadari and cannot be told to a chat template"),
        ("{ depth = [1] }", "must be true, false, a number or a text"),
    ],
)
def test_what_a_chat_template_cannot_be_told(domain: Path, told: str, said: str) -> None:
    line = spoil(domain, "[models]", f"[models]\ntemplate_kwargs = {told}")
    assert said in only(domain)
    assert only(domain).startswith(f"{domain}/domain.toml:{line + 1}: ")


def test_a_bare_key_in_hangul_is_said_to_want_quotes(domain: Path) -> None:
    path = domain / "domain.toml"
    text = path.read_text(encoding="utf-8") + '\n[tasks]\n배송 = "[배송] "\n'
    path.write_text(text, encoding="utf-8")
    said = only(domain)
    assert f"domain.toml:{len(text.splitlines())}: is not TOML" in said
    assert 'quotes around such a key: "배송" = …' in said


def test_a_misspelt_setting_is_named_with_its_line(domain: Path) -> None:
    path = domain / "domain.toml"
    good = path.read_text(encoding="utf-8").rstrip("\n")
    line = good.count("\n") + 1
    path.write_text(good + "\n[tuning]\nrank = 8\nlearning_rat = 1e-4\n[data]\nseed = 'x'\n")
    said = [str(e) for e in errors_of(domain)]
    assert f"{path}:{line + 3}: tuning.learning_rat is no known name; did you mean" in said[1]
    assert "did you mean learning_rate?" in said[1]
    assert said[0].startswith(f"{path}:{line + 5}: data.seed: input should be a valid integer")


@pytest.mark.parametrize("value", ["nan", "inf", "0", "1.5", "'much'"])
def test_a_target_out_of_range(domain: Path, value: str) -> None:
    line = spoil(domain, "target = 0.8", f"target = {value}")
    assert only(domain).startswith(f"{domain}/domain.toml:{line}: target: ")


def test_read_domain_raises_the_first_error_and_counts_the_rest(domain: Path) -> None:
    (domain / "documents" / "a.md").write_bytes(b"")
    (domain / "documents" / "b.md").write_bytes(b"\xff")
    with pytest.raises(DomainError, match=r"a\.md:1: holds no text\. .*\(1 more: run `sadari"):
        read_domain(domain)


def test_what_a_terminal_cannot_print_is_written_out() -> None:
    problems = Problems()
    problems.error("a\nb", "says \x1b[31m")
    assert str(problems[0]) == "a\\x0ab: says \\x1b[31m"
