"""Files as they come: whatever is wrong is counted with place and reason, and the rest is read."""

from __future__ import annotations

import json
import os
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sadari.data import DataError, Record, Step
from sadari.data.formats import NAMES, Source, import_records
from sadari.data.formats.source import LONGEST_LINE
from sadari.domain import Message

GOOD = json.dumps({"question": "며칠?", "answer": "7일입니다."}, ensure_ascii=False)


def read(path: Path, format: str | None = None) -> tuple[list[Record], Step]:
    records, step = import_records(Source(path, format=format))
    assert step.rows_in == len(records) + step.merged + len(step.set_aside)
    return records, step


def reasons(step: Step) -> list[str]:
    return [f"{row.source.rpartition('/')[2]} {row.reason}" for row in step.set_aside]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp949"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.jsonl"
    text = f"{GOOD}\r\n\r\n{GOOD.replace('7', '8')}"
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    path.write_bytes(mark + text.encode(encoding))
    records, step = read(path)
    assert [r.messages[1].content for r in records] == ["7일입니다.", "8일입니다."]
    assert [r.source for r in records] == [f"{path}:1", f"{path}:3"]
    table = tmp_path / "x.csv"
    table.write_bytes(mark + "질문,답변\n며칠?,7일\n".encode(encoding))
    assert read(table)[0][0].messages == (Message("user", "며칠?"), Message("assistant", "7일"))


def test_a_line_of_no_encoding_does_not_spoil_the_others(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(f"{GOOD}\n".encode() + b'{"question": "\xff\xfe\x80"}\n' + GOOD.encode())
    records, step = read(path)
    assert len(records) == 2
    assert reasons(step) == ["x.jsonl:2 is neither UTF-8, UTF-16 nor CP949"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GOOD[:-5], "is not JSON: Unterminated string starting at at column"),
        ('{"question": "a", "answer":', "is not JSON: "),
        ("[1, 2]", "is a list, not an object"),
        ('{"question": "a\x00b", "answer": "c"}', "holds a NUL byte"),
        (r'{"question": "a\u0000b", "answer": "c"}', "holds a NUL or half a character"),
        ('{"question": NaN, "answer": "c"}', "holds NaN"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"question": {"role": "user"}, "answer": "c"}', "question is no text"),
        ('{"question": " ", "answer": "c"}', "turn 1 (user) is empty"),
        ('{"question": "a", "answer": ""}', "turn 2 (assistant) is empty"),
        ('{"question": "a"}', "answer is missing"),
        ('{"id": "same", "question": "a", "answer": "b"}', "the id same is taken by a row before"),
    ],
)
def test_a_broken_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "x.jsonl"
    first = '{"id": "same", "question": "a", "answer": "b"}'
    path.write_text(f"{first}\n{line}\n{GOOD}", encoding="utf-8")
    records, step = read(path)
    assert len(records) == 2
    [reason] = reasons(step)
    assert reason.startswith(f"x.jsonl:2 {said}")


def test_a_line_of_100_mb(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{GOOD}\n" + '{"question": "')
        for _ in range(100):
            file.write("가" * (2**20 // 3))
        file.write(f'", "answer": "x"}}\n{GOOD}\n')
    tracemalloc.start()
    records, step = read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(records) == 2
    assert reasons(step) == [f"x.jsonl:2 a line of more than {LONGEST_LINE:,} characters"]
    assert peak < 20 * LONGEST_LINE


U, A = {"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"messages": [U, A, A]}, "two turns of the assistant in a row (2 and 3)"),
        ({"messages": [U]}, "no turn of the assistant"),
        ({"messages": []}, "messages is no list of turns"),
        ({"messages": "hi"}, "messages is no list of turns"),
        ({"messages": [U, {"role": {"role": "assistant"}, "content": "!"}]}, "messages.1.role: "),
        ({"messages": [U, {"role": "assistant", "content": A}]}, "messages.1.content: "),
        ({"messages": [U, [A]]}, "messages.1 is no object"),
        ({"messages": [U, {"role": "boss", "content": "!"}]}, "messages.1.role: input should be"),
        ({"messages": [U, A, {"role": "system", "content": "s"}]}, "turn 3 is a system turn"),
        ({"messages": [U, {**A, "content": " "}]}, "turn 2 (assistant) is empty"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}, A]},
            "messages.0 holds image_url, not text alone",
        ),
        ({"messages": [U, A], "tools": "f"}, "tools is no list of objects"),
        ({"messages": [{**A, "order_state": 5}]}, "messages.0: a state is an object"),
        ({"conversations": [{"from": {"from": "gpt"}, "value": "!"}]}, "conversations.0: from and"),
        ({"conversations": [{"from": "boss", "value": "!"}]}, "conversations.0 is from 'boss'"),
        ({"conversations": [{"from": "function_call", "value": "f("}]}, "conversations.0: the"),
        ({"instruction": "a", "output": "b", "history": [["c"]]}, "history is no list of pairs"),
        ({"chosen": "a", "rejected": "b"}, "chosen and rejected do not share their prompt"),
        ({"prompt": "a", "chosen": "b", "rejected": ""}, "rejected is empty"),
        ({"prompt": "a", "completion": "b", "label": "yes"}, "label is neither true nor false"),
        ({"foo": 1, "bar": 2}, "is in no format that I know (bar, foo)"),
    ],
)
def test_a_row_that_is_no_example(tmp_path: Path, row: object, said: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([row]), encoding="utf-8")
    records, step = read(path)
    assert records == []
    assert reasons(step)[0].startswith(f"x.json:1 {said}")


def test_rows_of_a_list_on_one_line(tmp_path: Path) -> None:
    """As `json.dump` writes it: a row without an id has the place of no other."""
    path = tmp_path / "x.json"
    path.write_text(f"[{GOOD}, {GOOD},\n{GOOD}]", encoding="utf-8")
    records, _ = read(path)
    assert [r.id for r in records] == [f"{path}:1 row 1", f"{path}:1 row 2", f"{path}:2"]
    assert len({r.group for r in records}) == 3


def test_a_list_with_bytes_of_no_encoding(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(f"[{GOOD},\n".encode() + b'{"question": "\xff\x80", "answer": "a"}]')
    records, step = read(path)
    assert len(records) == 1
    assert reasons(step) == ["x.json:2 is neither UTF-8, UTF-16 nor CP949"]


def test_a_replacement_character_of_the_text_itself(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(GOOD.replace("며칠", "\ufffd"), encoding="utf-8")
    assert read(path)[0][0].messages[0].content == "\ufffd?"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    for name in ("x.jsonl", "x.json", "x.csv"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(DataError, match="is a pipe or a device"):
            read(tmp_path / name)


def test_a_truncated_list_stops_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(f"[\n{GOOD},\n{GOOD[:-4]}", encoding="utf-8")
    with pytest.raises(DataError, match=r"x\.json:3: is not JSON: Unterminated string"):
        read(path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone.jsonl", "does not exist. Check the path."),
        ("x.parquet", "is not read: .parquet. Give .jsonl"),
        ("empty.csv", "holds no header. Name its columns."),
        ("other.csv", "has no columns that I know. Say which is which: --columns"),
        ("twice.csv", "names a column twice."),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "x.parquet").write_text("x")
    (tmp_path / "empty.csv").write_text("\n\n")
    (tmp_path / "other.csv").write_text("foo,bar\n1,2\n")
    (tmp_path / "twice.csv").write_text("question,answer,answer\n1,2,3\n")
    with pytest.raises(DataError) as caught:
        read(tmp_path / name)
    assert said in str(caught.value)


def test_a_csv_with_broken_quotes(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        'question,answer\n"a, b","첫째\n\n줄"\n"c"d,e\nf,"g ""h"" i"\nj,k,l\n"m,n\no,p\nq,r\n',
        encoding="utf-8",
    )
    records, step = read(path)
    assert [tuple(m.content for m in r.messages) for r in records] == [
        ("a, b", "첫째\n\n줄"),
        ("f", 'g "h" i'),
        ("o", "p"),
        ("q", "r"),
    ]
    assert [reason.split(" ", 1)[0] for reason in reasons(step)] == [
        "log.csv:5", "log.csv:7", "log.csv:8",
    ]  # fmt: skip
    assert step.set_aside[1].reason == "has 3 fields under 2 columns"


def test_a_log_of_turns(tmp_path: Path) -> None:
    path = tmp_path / "log.tsv"
    path.write_text(
        "상담ID\t화자\t발화\n1\t고객\t안녕하세요\n1\t고객\t환불되나요?\n1\t상담원\t네.\n"
        "2\t로봇\t삐\n3\t손님\t?\n3\t챗봇\t!\n",
        encoding="utf-8",
    )
    records, step = read(path)
    assert [r.id for r in records] == ["1", "3"]
    assert records[0].messages == (
        Message("user", "안녕하세요\n환불되나요?"),
        Message("assistant", "네."),
    )
    assert (step.rows_in, step.merged, step.rows_out) == (6, 3, 2)
    assert reasons(step) == ["log.tsv:5 the session's speaker '로봇' is neither user nor agent"]


def test_a_session_with_a_row_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "session,role,content\n1,user,a\n1,agent,b\n1,user,c,d\n1,agent,e\n2,user,f\n2,bot,g\n"
        "3,user,h,i\n4,user,j\n4,bot,k\n",
        encoding="utf-8",
    )
    records, step = read(path)
    assert [r.id for r in records] == ["2", "4"]
    assert reasons(step) == [
        "log.csv:4 has 4 fields under 3 columns",
        f"log.csv:2 the session lacks a turn that cannot be read, {path}:4",
        "log.csv:8 has 4 fields under 3 columns",
    ]


def test_named_columns_of_turns_win_over_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("q,a,id,who,said\nx,y,1,user,b\nx,y,1,bot,c\n", encoding="utf-8")
    columns = {"session": "id", "role": "who", "content": "said"}
    records, _ = import_records(Source(path, columns=columns))
    assert [m.content for m in records[0].messages] == ["b", "c"]


def test_columns_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("물음,대답,날짜\n며칠?,7일,2026\n", encoding="utf-8")
    records, _ = import_records(Source(path, columns={"question": "물음", "answer": "대답"}))
    assert records[0].messages == (Message("user", "며칠?"), Message("assistant", "7일"))
    with pytest.raises(DataError, match=r"답 is no column of it\. There are: 물음, 대답, 날짜\."):
        import_records(Source(path, columns={"question": "물음", "answer": "답"}))


BYTES = (
    st.binary(max_size=120)
    | st.text(max_size=120).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.text("\"\r\n,ab= []{}':\x00", max_size=60).map(str.encode)
    | st.lists(
        st.dictionaries(
            st.sampled_from(
                "messages conversations question answer instruction output input history prompt "
                "chosen rejected completion label role content from value tools id".split()
            ),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=4),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(["role", "content", "from", "value", "order_state"]),
                        inner | st.sampled_from(["user", "assistant", "human", "gpt", "tool"]),
                        max_size=3,
                    )
                ),
                max_leaves=10,
            ),
            max_size=4,
        ),
        max_size=3,
    ).map(lambda rows: "\n".join(map(json.dumps, rows)).encode())
)


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".tsv"])
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=BYTES, format=st.none() | st.sampled_from(NAMES))
def test_any_bytes_become_records_or_reasons(
    suffix: str, content: bytes, format: str | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        path.write_bytes(content)
        try:
            records, step = read(path, format)
        except DataError as error:
            str(error).encode("utf-8")
            return
        for row in step.set_aside:
            assert row.reason
            assert "\n" not in row.reason
        assert all(record.messages for record in records)
