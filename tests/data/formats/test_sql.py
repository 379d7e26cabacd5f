"""A query on a database: rows come, nothing goes."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest

from sadari.data import DataError
from sadari.data.formats import Source, import_records
from sadari.data.formats.sql import refuse_writing
from sadari.domain.dialogue import with_state


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "logs.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE turns (chat TEXT, role TEXT, content TEXT, order_state TEXT)")
        state = json.dumps({"dinner": "french"})
        rows = [
            ("c1", "customer", "프렌치로 주세요", None),
            ("c1", "agent", "네, 프렌치 디너요.", state),
            ("c2", "customer", "안녕하세요", ""),
            ("c2", "agent", "무엇을 도와드릴까요?", ""),
        ]
        db.executemany("INSERT INTO turns VALUES (?, ?, ?, ?)", rows)
    return path


QUERY = "SELECT chat AS session_id, role, content, order_state FROM turns ORDER BY rowid"


def test_sessions_of_a_query(database: Path) -> None:
    records, step = import_records(Source(url=f"sqlite:///{database}", query=QUERY))
    assert [r.id for r in records] == ["c1", "c2"]
    assert records[0].messages[1].content == with_state("네, 프렌치 디너요.", {"dinner": "french"})
    assert (step.rows_in, step.rows_out, step.merged) == (4, 2, 2)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("DELETE FROM turns", "the query is no SELECT."),
        ("", "the query is no SELECT."),
        ("SELECT 1; DROP TABLE turns", "more than one statement"),
        ("WITH x AS (SELECT 1) INSERT INTO turns SELECT 1,2,3,4", "says INSERT, which writes"),
        ("WITH x AS (DELETE FROM turns RETURNING *) SELECT * FROM x", "says DELETE, which writes"),
        ("/* SELECT */ UPDATE turns SET role = ''", "the query is no SELECT."),
        ("SELECT 1 --\n; DELETE FROM turns", "more than one statement"),
        ("SELECT * INTO OUTFILE '/tmp/x' FROM turns", "which writes"),
        ("PRAGMA writable_schema = 1", "the query is no SELECT."),
        # each is one SELECT to one database, and more to another
        ("SELECT '--'; COMMIT; DELETE FROM turns; --'", "more than one statement"),
        (r"SELECT E'\'; DELETE FROM turns; --'", "more than one statement"),
        ("SELECT $$'$$; DELETE FROM turns; --'", "holds $$"),
        ("SELECT /* /* */ '*/; DELETE FROM turns; --'", "holds /* /*"),
        ("SELECT 1 /*! INTO OUTFILE '/tmp/x' */", "holds /*!"),
        ("SELECT 1--1 INTO OUTFILE '/tmp/x'", "which writes"),
        ("SELECT 1 # '\n INTO OUTFILE '/tmp/x'", "which writes"),
        ("SELECT dblink_exec('host=h', 'DROP TABLE turns')", "calls dblink_exec"),
        ("SELECT lo_export(1, '/tmp/x')", "calls lo_export"),
    ],
)
def test_sql_that_writes_is_refused(database: Path, query: str, said: str) -> None:
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    with pytest.raises(DataError) as caught:
        import_records(Source(url=f"sqlite:///{database}", query=query))
    assert said in str(caught.value)
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before


def test_words_in_quotes_do_not_write() -> None:
    refuse_writing("SELECT 'drop table' AS \"delete\" FROM turns -- update\n;")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT data #>> '{a,b}' AS question, answer FROM t",
        "SELECT 'it''s; DELETE' AS question, `set` AS answer FROM t",
        "SELECT 5--1 minus\n AS a -- ';'",
        "SELECT $1 FROM t WHERE a = '한글' /* why */",
    ],
)
def test_queries_that_read(query: str) -> None:
    refuse_writing(query)


def test_values_that_json_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (question, answer, picture, bytes, big, none)")
        row = ("며칠?", "7일", b"\x00\xff", "한글".encode(), float("inf"), None)
        db.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", row)
        db.execute("INSERT INTO t VALUES ('a?', 'b', 'x' || char(0), '', 0, '')")
    source = Source(url=f"sqlite:///{path}", query="SELECT * FROM t")
    [record], step = import_records(source)
    members = record.extra["qa"]["members"]
    assert members["picture"] == r"\x00ff"
    assert (members["bytes"], members["big"]) == ("한글", "inf")
    assert [row.reason for row in step.set_aside] == ["holds a NUL or half a character"]
    json.dumps(record.extra, allow_nan=False)


def test_the_lock_holds_where_the_words_do_not_tell(database: Path, tmp_path: Path) -> None:
    """SQLite functions and virtual tables that reach beyond the file are denied by the engine."""
    for query in (
        "SELECT load_extension('evil')",
        "SELECT * FROM pragma_table_info('turns')",
    ):
        with pytest.raises(DataError, match=r"says: (not authorized|no such function)"):
            import_records(Source(url=f"sqlite:///{database}", query=query))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///nowhere.db", "is no file."),
        ("nonsense", "the database's address cannot be read."),
        ("oracle://u:secret@h/x", "oracle cannot be locked against writing."),
    ],
)
def test_an_address_that_leads_nowhere(url: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        import_records(Source(url=url, query="SELECT 1"))
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_what_the_database_says_is_handed_on(database: Path) -> None:
    with pytest.raises(DataError, match="says: no such column: rolle"):
        import_records(Source(url=f"sqlite:///{database}", query="SELECT rolle FROM turns"))
