"""How many answers pass the scorer that know nothing: the attacks of tests/evaluation/attacks.py on
the bundled exam, beside its references, which should pass.

    python -m benchmarks.attacks
"""

from __future__ import annotations

import argparse
import json

from benchmarks.kept import ROOT, add_out, keep_whole
from sadari.domain import read_domain
from sadari.evaluation import score
from tests.evaluation.attacks import ATTACKS, evidence_of, tried


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_out(parser, "attacks")
    options = parser.parse_args()
    domain = read_domain(ROOT / "examples" / "ald")
    right = [
        score(question, question.reference, evidence_of(domain, question)).right
        for question in domain.questions
    ]
    passed = {"references": [sum(right), len(right)]}
    for attack in ATTACKS:
        answers = tried(domain, attack)
        passed[attack.__name__] = [sum(right for *_, right in answers), len(answers)]
    found = {"domain": domain.id, "passed": passed}
    keep_whole(options.out, found)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
