"""Every benchmark, one after the other, then the table. An hour on two cores; run it on an idle
machine.

    python -m benchmarks.run_all [--data FOLDER]

Parts that need public data or LLaMA-Factory's environment, and were not run, keep the figures that
they had, with the command and the machine of their own run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from benchmarks.kept import ROOT

COMMANDS = (
    ["climb"],
    ["evaluation_speed"],
    ["constrained"],
    ["tuning", "--shape", "practice"],
    ["tuning", "--shape", "practice", "--pairs", "system"],
    ["tuning", "--shape", "0.5b", "--steps", "6", "--rounds", "2"],
    ["preference"],
    ["preference", "--pairs", "system"],
    ["memory"],
    ["memory", "--shape", "0.5b", "--steps", "5", "--pairs", "short"],
    ["tuning_growth"],
    ["speed_plot"],
    ["methods"],
    ["forgetting"],
    ["attacks"],
    ["error_rates"],
    ["near_duplicates"],
    ["prepare_scale"],
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a folder with the public sets")
    folder = parser.parse_args().data
    data = ["--data", folder] if folder else []
    chat = ["--chat", f"{folder}/songys_chatbot/ChatbotData.csv"] if folder else []
    for name, *options in (
        *COMMANDS,
        ["leakage", *data],
        ["retrieval", "--kiwi", *data],
        ["forecasting", *data],
        ["pii", *chat],
        ["table"],
    ):
        command = ["-m", f"benchmarks.{name}", *options]
        print("$ python", *command, flush=True)
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
