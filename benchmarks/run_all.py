"""Every benchmark, one after the other, then the table. An hour on two cores; run it on an idle
machine.

    python benchmarks/run_all.py [--data FOLDER]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMANDS = (
    ["benchmarks/climb.py"],
    ["benchmarks/evaluation_speed.py"],
    ["-m", "benchmarks.constrained"],
    ["-m", "benchmarks.tuning", "--shape", "practice"],
    ["-m", "benchmarks.tuning", "--shape", "practice", "--pairs", "system"],
    ["-m", "benchmarks.tuning", "--shape", "0.5b", "--steps", "6", "--rounds", "2"],
    ["-m", "benchmarks.preference"],
    ["-m", "benchmarks.preference", "--pairs", "system"],
    ["-m", "benchmarks.memory"],
    ["-m", "benchmarks.memory", "--shape", "0.5b", "--steps", "5", "--pairs", "short"],
    ["-m", "benchmarks.tuning_growth"],
    ["-m", "benchmarks.speed_plot"],
    ["benchmarks/methods.py"],
    ["benchmarks/forgetting.py"],
    ["-m", "benchmarks.error_rates"],
    ["benchmarks/near_duplicates.py"],
    ["-m", "benchmarks.prepare_scale"],
    ["benchmarks/leakage.py"],
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a folder with the public sets that retrieval is tried on")
    data = parser.parse_args().data
    forecasts = ["-m", "benchmarks.forecasting", *(["--data", data] if data else [])]
    retrieval = ["benchmarks/retrieval.py", *(["--data", data] if data else [])]
    chat = ["--chat", f"{data}/songys_chatbot/ChatbotData.csv"] if data else []
    pii = ["-m", "benchmarks.pii", *chat]
    for command in (*COMMANDS, retrieval, forecasts, pii, ["benchmarks/table.py"]):
        print("$ python", *command, flush=True)
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
