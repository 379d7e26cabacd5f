"""No content of any file makes `check` raise: it becomes problems, or a domain."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sadari.domain import check_domain
from sadari.domain.skeleton import write_skeleton

FILES = [
    "domain.toml",
    "glossary.csv",
    "documents/returns.md",
    "documents/more.json",
    "documents/more.csv",
    "feedback/feedback.json",
    "feedback/more.jsonl",
    "questions/dev.jsonl",
    "questions/test.jsonl",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("id question answer rating key must evidence kind title text".split())
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
CONTENTS = (
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.lists(JSON, max_size=3).map(lambda rows: json.dumps(rows).encode())
    | st.lists(JSON, max_size=3).map(lambda rows: "\n".join(map(json.dumps, rows)).encode())
    | st.text("\"\r\n,ab= []{}'#.-:", max_size=60).map(str.encode)
)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=CONTENTS)
def test_any_bytes_become_problems(name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "shop"
        write_skeleton(folder)
        path = folder / name
        path.write_bytes(content)
        domain, problems = check_domain(folder)
        assert domain is not None or problems.errors
        for problem in problems:
            str(problem).encode("utf-8")
            assert problem.what
            assert "\n" not in str(problem)
        assert path.read_bytes() == content, "the folder is only read"
