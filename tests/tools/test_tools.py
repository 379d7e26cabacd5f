"""Functions of a domain as tools: described, checked, run, and read out of a question."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sadari.domain.message import ToolCall
from sadari.tools import Context, Tool, ToolError, declared_tools, load_tools, read_call, run_tool

STOCK = '''
from typing import Annotated, Literal

from pydantic import Field

from sadari.text import SadariError
from sadari.tools import Context

Item = Annotated[str, Field(pattern=r"[A-Z]{2}-\\d+", description="품번")]


def stock_level(context: Context, item: Item, shelf: int = 1) -> str:
    """품목의 재고 수량이 몇 개 남았는지 알려 준다."""
    if item == "ZZ-0":
        raise SadariError("그런 품번은 없습니다.")
    return f"{item}의 재고는 {len(context.domain.name) * shelf}개입니다."


def delivery(item: Item, speed: Literal["보통", "빠른"]) -> dict:
    """품목의 배송이 언제 도착하는지 알려 준다."""
    return {"item": item, "days": {"보통": 3, "빠른": 1}[speed]}


def _helper(anything):
    return anything


def broken(item: Item) -> str:
    """고장난 도구."""
    return 1 / 0


def endless(item: Item) -> float:
    """수가 아닌 것."""
    return float("nan")


def leaving(item: Item) -> str:
    """나가 버린다."""
    raise SystemExit(3)


def told(tongue: Literal["en", "ko"] = "ko") -> str:
    """어느 말로 하는지 between 고른다."""
    return tongue
'''


@pytest.fixture
def tools(tmp_path: Path) -> tuple[Tool, ...]:
    (tmp_path / "tools.py").write_text(STOCK, encoding="utf-8")
    return load_tools(tmp_path / "tools.py", Context(tmp_path / "shop", tmp_path))


def test_a_signature_becomes_what_the_model_reads(tools: tuple[Tool, ...]) -> None:
    assert [tool.name for tool in tools] == [
        "stock_level", "delivery", "broken", "endless", "leaving", "told",
    ]  # fmt: skip
    assert tools[0].schema == {
        "type": "function",
        "function": {
            "name": "stock_level",
            "description": "품목의 재고 수량이 몇 개 남았는지 알려 준다.",
            "parameters": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "item": {
                        "type": "string",
                        "pattern": r"[A-Z]{2}-\d+",
                        "description": "품번",
                    },
                    "shelf": {"type": "integer", "default": 1},
                },
                "required": ["item"],
            },
        },
    }


@pytest.mark.parametrize(
    ("name", "arguments", "ok", "said"),
    [
        ("stock_level", {"item": "AB-1", "shelf": "2"}, True, "AB-1의 재고는 8개입니다."),
        ("delivery", {"item": "AB-1", "speed": "빠른"}, True, '{"item": "AB-1", "days": 1}'),
        ("stock_level", {"item": "뭐든"}, False, "item: String should match pattern"),
        ("stock_level", {}, False, "item: Field required"),
        ("stock_level", {"item": "AB-1", "rm": "-rf"}, False, "rm: Extra inputs"),
        ("stock_level", {"item": "ZZ-0"}, False, "그런 품번은 없습니다."),
        ("broken", {"item": "AB-1"}, False, "broken failed: ZeroDivisionError"),
        ("endless", {"item": "AB-1"}, False, "endless failed: ValueError"),
        ("leaving", {"item": "AB-1"}, False, "leaving failed: SystemExit"),
        ("stock_level", ["AB-1"], False, "Wrong arguments: stock_level: Input should be"),
        ("stock_level", None, False, "Wrong arguments: stock_level: Input should be"),
        ("format_disk", {}, False, "There is no tool format_disk. There are: stock_level"),
    ],
)
def test_a_call_is_checked_before_it_runs_and_never_raises(
    tools: tuple[Tool, ...], name: str, arguments: Any, ok: bool, said: str
) -> None:
    result = run_tool(ToolCall(name, arguments), tools)
    assert result.ok is ok
    assert said in result.text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("AB-12 재고 몇 개 남았어?", ("stock_level", {"item": "AB-12"})),
        ("AB-12 빠른 배송이면 언제 도착해?", ("delivery", {"item": "AB-12", "speed": "빠른"})),
        ("AB-12 배송은 언제 도착해?", None),  # which speed is asked for is not said
        ("재고 몇 개 남았어?", None),
        ("AB-12가 마음에 듭니다!", None),
    ],
)
def test_a_call_is_read_from_a_question_or_not_at_all(
    tools: tuple[Tool, ...], question: str, wanted: tuple[str, dict[str, str]] | None
) -> None:
    call = read_call(question, tools[:2])
    assert (call and (call.name, call.arguments)) == wanted


def test_a_choice_is_read_as_a_word_of_its_own(tools: tuple[Tool, ...]) -> None:
    """Latin letters within a word are none; Korean particles follow without a space."""
    for question, wanted in (("between 고른다", {}), ("en으로 between 고른다", {"tongue": "en"})):
        call = read_call(question, tools)
        assert call is not None
        assert (call.name, call.arguments) == ("told", wanted)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(x: int) -> int:\n    return x\n", "tools.py:1: the tool f has no docstring."),
        ('def f(x):\n    """F."""\n', "the parameter x of the tool f has no type."),
        ('def f(*x: int):\n    """F."""\n', "the tool f takes any arguments."),
        ("\n\ndef f(:\n", "tools.py:3: is not Python"),
    ],
)
def test_a_file_that_cannot_be_tools_is_named_with_its_line(
    tmp_path: Path, source: str, said: str
) -> None:
    path = tmp_path / "tools.py"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(ToolError, match=r"tools\.py") as raised:
        declared_tools(path)
    assert said in str(raised.value)


def test_checking_a_domain_does_not_run_its_tools(tmp_path: Path) -> None:
    """A stranger's folder can be looked at."""
    command = [str(Path(sys.executable).with_name("sadari")), "new", str(tmp_path / "shop")]
    subprocess.run(command, check=True, capture_output=True)
    path = tmp_path / "shop" / "tools.py"
    path.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n" + STOCK, encoding="utf-8")
    command[1:] = ["check", str(tmp_path / "shop")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "6 tools" in done.stdout
    assert not (tmp_path / "ran").exists()
    path.write_text("def f(x):\n    return x\n", encoding="utf-8")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "tools.py:1: the tool f has no docstring." in done.stdout.replace("\n", "")


def test_tools_that_cannot_be_run_say_so(tmp_path: Path) -> None:
    path = tmp_path / "tools.py"
    path.write_text("import no_such_module\n", encoding="utf-8")
    with pytest.raises(ToolError, match="cannot be run: ModuleNotFoundError"):
        load_tools(path, Context(tmp_path, tmp_path))
