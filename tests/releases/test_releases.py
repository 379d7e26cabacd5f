"""Only what was measured is released; what is released never changes; one step goes back."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from sadari.domain import read_domain
from sadari.domain.message import user
from sadari.domain.settings import GateSettings
from sadari.ladder import climb
from sadari.releases import (
    GateClosedError,
    ReleaseError,
    current,
    list_releases,
    open_release,
    promote,
    rollback,
)
from sadari.releases.gates import check_gates
from sadari.store import Store
from tests.domains import small_domain


@pytest.fixture(scope="module")
def climbed(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> tuple[Path, Path]:
    """A domain folder and the home in which it was climbed up to rag."""
    root = tmp_path_factory.mktemp("climbed")
    folder = small_domain(root / "shop", tiny)
    home = root / "home"
    done = climb(
        read_domain(folder), Store.open(home), everything=True, until="rag", watch=lambda *_: None
    )
    asyncio.run(done)
    return folder, home


@pytest.fixture
def store(climbed: tuple[Path, Path], tmp_path: Path) -> Store:
    """A copy of the climbed home, for one test to change."""
    import shutil

    shutil.copytree(climbed[1], tmp_path / "home")
    return Store.open(tmp_path / "home")


def test_promote_serve_roll_back(climbed: tuple[Path, Path], store: Store) -> None:
    domain = read_domain(climbed[0])
    assert current(store, domain.id) is None
    with pytest.raises(ReleaseError, match="no earlier release"):
        rollback(store, domain.id)
    first, gates = promote(domain, store, "prompt")
    assert all(gate.passed for gate in gates)
    second, _ = promote(domain, store, "rag")
    assert current(store, domain.id) == second != first
    assert [m["digest"] for m in list_releases(store, domain.id)] == [first, second]
    answer = asyncio.run(open_release(store, second).answer((user("반품 기간은?"),)))
    assert answer.retrieved
    assert rollback(store, domain.id) == first
    assert current(store, domain.id) == first
    promote(domain, store, "rag")
    assert current(store, domain.id) == second


def test_the_release_stands_without_the_domain_folder_and_the_index(
    climbed: tuple[Path, Path], store: Store
) -> None:
    digest, _ = promote(read_domain(climbed[0]), store, "rag")
    for path in (store.home / "indexes").iterdir():
        path.unlink()
    assert asyncio.run(open_release(store, digest).answer((user("선물 포장 값은?"),))).retrieved


def test_a_file_that_changed_is_not_served(climbed: tuple[Path, Path], store: Store) -> None:
    digest, _ = promote(read_domain(climbed[0]), store, "rag")
    with (store.home / "releases" / digest / "index.sqlite").open("ab") as file:
        file.write(b"more")
    with pytest.raises(ReleaseError, match="not the file that was measured"):
        open_release(store, digest)


def test_nothing_is_released_that_was_not_measured(
    climbed: tuple[Path, Path], store: Store, tmp_path: Path, tiny: Path
) -> None:
    other = read_domain(small_domain(tmp_path / "other", tiny))
    with pytest.raises(ReleaseError, match="not been climbed"):
        promote(other, store)
    with pytest.raises(ReleaseError, match="measured no rung 'tuned'"):
        promote(read_domain(climbed[0]), store, "tuned")
    run = store.runs(kind="climb")[-1]
    record = store.run_folder(run.id) / "climb.json"
    text = json.loads(record.read_text(encoding="utf-8"))
    text["rungs"][0]["recipe"]["prompt"]["system"] = "Say yes."
    record.write_text(json.dumps(text), encoding="utf-8")
    with pytest.raises(ReleaseError, match="no longer what the climb measured"):
        promote(read_domain(climbed[0]), store, "prompt")


def test_a_shut_gate_names_what_was_wanted(
    climbed: tuple[Path, Path], store: Store, tmp_path: Path, tiny: Path
) -> None:
    strict = small_domain(tmp_path / "shop", tiny, gates="right = 0.99")
    with pytest.raises(GateClosedError, match=r"share right: .*wanted at least 99%") as caught:
        promote(read_domain(strict), store, "rag")
    assert caught.value.exit_status == 1
    assert current(store, "shop") is None


@pytest.mark.parametrize(
    ("most", "margin", "opened"),
    [
        (0.04, 0.1, True),
        (0.2, 0.1, False),
        (0.2, 0.3, True),
        (None, 0.1, False),
        (0.9, "off", None),
    ],
)
def test_what_a_tuned_rung_forgot_is_a_gate(
    most: float | None, margin: float | str, opened: bool | None
) -> None:
    """PREVENT 17: before release, and not measured is not passed."""
    figures = {"right": 1.0, "refusals_right": 1.0, "exam": "x", "interval": [0.9, 1.0]}
    measured = figures if most is None else figures | {"general_ability_drop_at_most": most}
    wanted = GateSettings.model_validate({"forgetting": margin})
    found = {gate.name: gate for gate in check_gates(measured, wanted, None, tuned=True)}
    gate = found.get("general ability lost")
    assert (gate and gate.passed) == opened
    assert "general ability lost" not in {g.name for g in check_gates(figures, wanted, None)}
