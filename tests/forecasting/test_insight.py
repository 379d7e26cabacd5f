"""Incidents, rules beside the data, seasons and advice, on logs whose truth is known."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting import (
    ForecastError,
    Rule,
    advice,
    audit_rules,
    bottlenecks,
    find_incidents,
    make_history,
    read_rules,
    seasonality,
)
from sadari.forecasting.events.clock import DAY, HOUR
from sadari.forecasting.insight.telling import PHRASES, incident_lines
from tests.forecasting.logs import START, history, moves


def test_an_incident_is_found_with_its_size() -> None:
    known = history(days=21, per_hour=20, slow=(15.5, 15.6, 2.5))
    found = find_incidents(known)
    hits = [
        i for i in found if i.window[0] < START + 15.6 * DAY and i.window[1] > START + 15.5 * DAY
    ]
    assert len(hits) == 1
    assert 1.8 < hits[0].factor < 3.2
    assert hits[0].found_at < START + 15.5 * DAY + HOUR
    low, high = hits[0].normal_range
    assert low < hits[0].normal_minutes < high < hits[0].median_minutes


def test_quiet_weeks_have_hardly_an_incident() -> None:
    assert len(find_incidents(history(days=28, per_hour=20, seed=3))) <= 14


def test_a_cause_is_named_with_its_evidence() -> None:
    frame = moves(days=21, per_hour=20)
    late = (pl.col("start") > START + 15 * DAY) & (pl.col("start") < START + 15.2 * DAY)
    touched = late & ((pl.col("source") == "B") | (pl.col("destination") == "B"))
    longer = pl.col("end") + pl.when(touched).then(pl.col("end") - pl.col("start")).otherwise(0) * 2
    plan = pl.DataFrame(
        {"id": ["PM-7"], "kind": ["PM"], "place": ["B"], "note": [""],
         "start": [START + 15 * DAY], "end": [START + 15 * DAY + 5 * HOUR]}
    )  # fmt: skip
    known = make_history(frame.with_columns(end=longer), None, plan, settings=ForecastSettings())
    (found,) = [
        i for i in find_incidents(known) if i.window[1] > START + 15 * DAY and i.factor > 1.5
    ]
    assert "B" in found.places
    assert any("PM-7" in cause.evidence for cause in found.causes)
    assert len(found.causes) <= 3
    assert "B의 계획된 PM" in [cause.what for cause in found.causes]
    (same,) = [i for i in find_incidents(known, language="en") if i.window == found.window]
    assert "planned PM at B" in [cause.what for cause in same.causes]
    numbers = re.compile(r"\d+(?:\.\d+)?")
    for ours, theirs in zip(found.causes, same.causes, strict=True):
        assert sorted(numbers.findall(ours.evidence)) == sorted(numbers.findall(theirs.evidence))
    head, *lines = incident_lines(found, "ko")
    assert "배" in head
    assert len(lines) == 1 + len(found.causes)


def test_every_phrase_says_the_same_in_both_languages() -> None:
    for key, both in PHRASES.items():
        fields = [sorted(re.findall(r"\{(\w+)", both[language])) for language in ("en", "ko")]
        assert fields[0] == fields[1], key


@pytest.fixture(scope="module")
def with_fridays() -> pl.DataFrame:
    """Fridays take 4 minutes more, except for VIP."""
    frame = moves(days=42, per_hour=10)
    friday = (pl.col("start") - START) // DAY % 7 == 4
    late = friday & (pl.col("priority") != "VIP")
    return frame.with_columns(end=pl.col("end") + pl.when(late).then(4 * 60_000).otherwise(0))


def test_rules_beside_the_data(with_fridays: pl.DataFrame) -> None:
    rules = (
        Rule(id="friday", text="Friday", minutes=4, weekdays=("fri",), exempt=("VIP",)),
        Rule(id="monday", text="Monday", minutes=5, weekdays=("mon",)),
        Rule(id="never", text="planned", minutes=5, schedule="AUDIT"),
    )
    audits = audit_rules(rules, make_history(with_fridays, settings=ForecastSettings()))
    assert [audit.finding for audit in audits] == ["agrees", "disagrees", "cannot tell"]
    friday, monday, never = audits
    assert friday.measured is not None
    assert 4 in friday.measured
    assert monday.measured is not None
    assert abs(monday.measured.estimate) < 0.5
    assert (never.measured, never.moves) == (None, 0)


def test_a_broken_rule_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(
        '[[rule]]\nid="a"\ntext="b"\nminutes=1\nhours=["7 to 8"]\n'
    )
    with pytest.raises(ForecastError, match="rule 1: hours"):
        read_rules(tmp_path)
    assert read_rules(tmp_path / "nowhere") == ()


def test_seasons_are_found(with_fridays: pl.DataFrame) -> None:
    found = seasonality(make_history(with_fridays, settings=ForecastSettings()), "en")
    seasons = {season.name: season.percent for season in found.seasons}
    assert seasons["Friday"].low > 20
    assert abs(seasons["weekend"].estimate) < 15
    assert found.daily > 0.2
    assert found.weekly > 0.2


def test_bottlenecks_and_advice(with_fridays: pl.DataFrame) -> None:
    hours = np.arange(48)
    stock = pl.DataFrame(
        {"item": "pod", "place": "A", "at": START + hours * HOUR, "level": 200.0 - 2 * hours}
    )
    known = make_history(with_fridays, stock=stock, settings=ForecastSettings())
    places = bottlenecks(known)
    assert {place.place for place in places} == set("ABCD")
    assert abs(sum(place.share for place in places) - 1) < 0.01
    told = advice(known, reorder_at=50, language="en")
    (refill,) = told.refills
    assert (refill.level, refill.per_day) == (106.0, 48.0)
    assert refill.at is not None
    assert refill.at.startswith("2026-03-05 03:00")
    slow = stock.with_columns(level=1e9 - 1e-3 * pl.int_range(pl.len()))
    known_slow = make_history(with_fridays, stock=slow, settings=ForecastSettings())
    assert [r.at for r in advice(known_slow, reorder_at=50).refills] == [
        None
    ]  # in 100 million years
    assert any("Refill pod at A" in line for line in told.sentences)
    assert any("A: pod 보충을" in line for line in advice(known, reorder_at=50).sentences)
