"""A small complete domain, written by the package itself and widened, over a tiny random model."""

from __future__ import annotations

import json
from pathlib import Path

from sadari.domain.skeleton import write_skeleton

SUBJECTS = {
    "gift": ("선물 포장", "선물 포장의 값은 2,000원이다", 2000, "원"),
    "point": ("적립금", "적립금의 유효 기간은 90일이다", 90, "일"),
    "visit": ("매장 방문", "매장 방문 수령의 보관 기간은 5일이다", 5, "일"),
    "repair": ("수리", "수리에 걸리는 기간은 14일이다", 14, "일"),
    "bulk": ("대량 주문", "대량 주문의 최소 수량은 30개이다", 30, "개"),
    "cancel": ("주문 취소", "주문 취소의 수수료는 1,500원이다", 1500, "원"),
}


def small_domain(folder: Path, model: Path | str = "practice", **settings: str) -> Path:
    """Writes the domain into `folder` with `model` as its base; `settings` are TOML tables by
    name. Returns the folder."""
    write_skeleton(folder)
    toml = folder / "domain.toml"
    text = toml.read_text(encoding="utf-8").replace('base = "practice"', f'base = "{model}"')
    quick = {"answer": "max_tokens = 12", "prompt": "candidates = 2", "tuning": "epochs = 1"}
    for name, body in (quick | settings).items():
        if f"[{name}]" in text:
            text = text.replace(f"[{name}]", f"[{name}]\n{body}")
        else:
            text += f"\n[{name}]\n{body}\n"
    toml.write_text(text, encoding="utf-8")
    lines: dict[str, list[str]] = {"dev": [], "test": []}
    for number, (name, (title, fact, value, unit)) in enumerate(SUBJECTS.items()):
        document = (
            f"---\ntitle: {title}\ntopic: {name}\n---\n\n## {title}의 기준\n\n{fact}. "
            f"{title} 문의는 고객 센터가 받는다.\n\n## {title}의 예외\n\n"
            f"{title} 규정을 어기면 처리가 늦어진다. {title} 예외는 점장이 정한다.\n"
        )
        (folder / "documents" / f"{name}.md").write_text(document, encoding="utf-8")
        key = {"must": [{"value": value, "unit": unit, "tolerance": 0}]}
        row = {
            "id": f"{name}-1",
            "question": f"{title}은 얼마로 정해져 있어?",
            "key": key,
            "evidence": [name],
            "reference": f"{fact}.",
            "topic": name,
        }
        lines["dev" if number % 3 == 0 else "test"].append(json.dumps(row, ensure_ascii=False))
    for split, rows in lines.items():
        path = folder / "questions" / f"{split}.jsonl"
        with path.open("a", encoding="utf-8") as file:
            file.write("\n".join(rows) + "\n")
    return folder
