"""Order a dinner in the terminal from any OpenAI-compatible server, and see the state it keeps.

    export DINNER_API_URL=http://127.0.0.1:8000/v1 DINNER_MODEL=dinner DINNER_API_KEY=none
    python order.py --name 김하늘 --served

The three variables are all that changes between OpenAI, Groq, Ollama and sadari.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx

from sadari.domain import split_state

DOMAIN = Path(__file__).resolve().parents[1] / "domain.toml"
SECONDS = 120.0  # a small model on a busy machine may take its time


def opening(name: str, today: datetime.date, served: bool) -> str:
    """The system turn: whom and when; and the persona and rules, unless a server adds them."""
    weekday = "월화수목금토일"[today.weekday()]
    lines = [f"고객 이름: {name}"] if name else []
    lines.append(f"오늘: {today.isoformat()} {weekday}요일")
    if not served:
        settings = tomllib.loads(DOMAIN.read_text(encoding="utf-8"))
        lines = [settings["persona"], *settings["prompt"]["rules"], *lines]
    return "\n".join(lines)


def reply(messages: list[dict[str, str]], client: httpx.Client) -> str:
    """The assistant's next turn. Raises httpx.HTTPError when the server does not answer."""
    body = {"model": os.environ["DINNER_MODEL"], "messages": messages, "temperature": 0}
    answer = client.post("chat/completions", json=body).raise_for_status().json()
    content: str = answer["choices"][0]["message"]["content"]
    return content


def talk(messages: list[dict[str, str]], client: httpx.Client) -> dict[str, Any] | None:
    """Asks line by line until the order is confirmed or the input ends; returns the last state."""
    state: dict[str, Any] | None = None
    while not (state and state.get("confirmed")):
        sys.stdout.write("> ")
        sys.stdout.flush()
        said = sys.stdin.readline()
        if not said:
            break
        messages.append({"role": "user", "content": said.strip()})
        content = reply(messages, client)
        messages.append({"role": "assistant", "content": content})
        words, found = split_state(content.strip())
        state = dict(found) if found is not None else state
        sys.stdout.write(f"{words}\n{json.dumps(state, ensure_ascii=False)}\n")
    return state


def main() -> None:
    """Reads the three variables, talks, and exits with 0 when an order was confirmed."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--name", default="", help="the customer who is logged in")
    options.add_argument("--served", action="store_true", help="the server adds the instruction")
    chosen = options.parse_args()
    missing = [n for n in ("DINNER_API_URL", "DINNER_MODEL") if not os.environ.get(n)]
    if missing:
        options.error(f"set {' and '.join(missing)}: see the first lines of {Path(__file__).name}")
    url = os.environ["DINNER_API_URL"].rstrip("/") + "/"
    headers = {"Authorization": f"Bearer {os.environ.get('DINNER_API_KEY', 'none')}"}
    system = opening(chosen.name, datetime.date.today(), chosen.served)
    with httpx.Client(base_url=url, headers=headers, timeout=SECONDS) as client:
        try:
            state = talk([{"role": "system", "content": system}], client)
        except httpx.HTTPError as error:
            sys.exit(f"{url} does not answer: {error}")
    sys.exit(0 if state and state.get("confirmed") else 1)


if __name__ == "__main__":
    main()
