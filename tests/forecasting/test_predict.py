"""The forecast of a move, and everything that it says about itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting import (
    Forecast,
    ForecastError,
    History,
    Predictor,
    Rule,
    fit_predictor,
    ingest,
    load,
    make_history,
)
from sadari.forecasting import predict as ask
from sadari.forecasting.backtests.moves import backtest_moves
from sadari.forecasting.events.clock import DAY, HOUR
from sadari.forecasting.live.corrections import Trial, bounded, by_rules, trial
from sadari.forecasting.live.kept import read_kept, restore, write_predictor
from sadari.forecasting.live.words import factor_text, sentence
from sadari.forecasting.models.features import BASE, features, learn_vocabulary, make_design
from sadari.forecasting.models.moves import BoostedMoves, Calibrated, Empirical
from sadari.forecasting.models.state import State
from sadari.forecasting.quantiles import covered, crps
from sadari.stats import Interval
from tests.forecasting.logs import START, history, moves

GROUPS = ForecastSettings(groups={"left": "[AB]", "right": "[CD]"})
RULES = (
    Rule(id="pm", text="maintenance takes 8 more", minutes=8, schedule="PM"),
    Rule(id="noon", text="noon takes 3 more", minutes=3, hours=("12:00-13:00",)),  # type: ignore[arg-type]
)
PLANNED_AT = START + 20 * DAY + 10 * HOUR


def plan() -> pl.DataFrame:
    """PM at A for six hours every day, which really takes 8 minutes more; and one to come at B."""
    rows = [
        (f"PM-{d}", "PM", "A", "", START + d * DAY + 9 * HOUR, START + d * DAY + 15 * HOUR)
        for d in range(21)
    ]
    rows.append(("PM-B", "PM", "B", "", PLANNED_AT, PLANNED_AT + HOUR))
    return pl.DataFrame(rows, schema=["id", "kind", "place", "note", "start", "end"], orient="row")


@pytest.fixture(scope="module")
def known() -> Predictor:
    """Routes from D to A are all but unknown."""
    kept = moves(days=21, per_hour=12)
    thin = (
        (pl.col("source") == "D")
        & (pl.col("destination") == "A")
        & (pl.col("start") > START + DAY // 2)
    )
    return fit_predictor(make_history(kept.filter(~thin), None, plan(), settings=GROUPS), RULES)


def good(found: Forecast) -> bool:
    minutes = np.array([m for _, m in found.quantiles])
    return bool(
        np.isfinite(minutes).all() and (minutes > 0).all() and (np.diff(minutes) >= 0).all()
    )


def test_a_route_with_history(known: Predictor) -> None:
    found = ask(known, "A→B", "2026-03-22T18:30")
    assert good(found)
    assert (found.level, found.fallback, found.estimand) == ("route", "", "move")
    assert 3 < found.median < 9
    assert len(found.cases) == 5
    assert all(case.route == "A→B" and case.minutes > 0 for case in found.cases)
    assert ask(known, "A->B", "2026-03-22T18:30") == found


def test_a_thin_route_leans_on_its_pair_and_says_so(known: Predictor) -> None:
    """PREVENT 32."""
    found = ask(known, "D→A", "2026-03-22T18:30")
    assert good(found)
    assert found.level == "pair"
    assert "right→left" in found.fallback


def test_an_unknown_place_leans_on_all_and_says_so(known: Predictor) -> None:
    found = ask(known, "A→Nowhere", "2026-03-22T18:30", language="en")
    assert good(found)
    assert found.level == "all"
    assert "Never seen: Nowhere" in found.fallback
    assert "처음 보는 곳: Nowhere" in ask(known, "A→Nowhere", "2026-03-22T18:30").fallback


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(("A→B", "C→D", "X→Y", "D→A")),
    st.integers(START - 400 * DAY, START + 4000 * DAY),
    st.sampled_from(("", "VIP")),
)
def test_any_time_gives_finite_positive_ordered_minutes(
    known: Predictor, route: str, at: int, priority: str
) -> None:
    assert good(known.predict(route, at, priority=priority))


def test_a_priority_that_no_move_had_is_said(known: Predictor) -> None:
    with pytest.raises(ForecastError, match=r"priority 'HOT'\. Known are "):
        known.predict("A→B", known.last, priority="HOT")


def test_what_is_no_route_or_no_time_is_a_sentence(known: Predictor) -> None:
    for route in ("A", "→B", "A→B→C"):
        with pytest.raises(ForecastError, match="no route"):
            ask(known, route)
    with pytest.raises(ForecastError, match="no time"):
        ask(known, "A→B", "half past three")


def test_rules_that_hold_are_told(known: Predictor) -> None:
    at_noon = ask(known, "C→B", "2026-03-22T12:30")
    assert [rule.id for rule in at_noon.rules] == ["noon"]
    assert at_noon.rules[0].finding == "disagrees"
    assert ask(known, "C→B", "2026-03-22T14:30").rules == ()


def test_a_correction_cites_its_item_and_without_the_item_there_is_none(known: Predictor) -> None:
    during = known.predict("C→B", PLANNED_AT + HOUR // 2)
    assert [a.evidence for a in during.adjustments] == ["PM-B"]
    after = known.predict("C→B", PLANNED_AT + 2 * HOUR)
    assert after.adjustments == ()


def test_a_correction_that_earned_nothing_is_not_added(known: Predictor) -> None:
    """In these logs maintenance takes no longer."""
    assert not known.earned.pays("PM")
    found = known.predict("A→C", START + 20 * DAY + 12 * HOUR)
    assert [a.applied for a in found.adjustments] == [False]


def test_a_correction_earns_its_place_by_a_gain_that_is_sure() -> None:
    """The same forecasts, where maintenance at A really takes 8 minutes more."""
    frame = moves(days=28, per_hour=6)
    schedule = plan()
    touches = (pl.col("source") == "A") | (pl.col("destination") == "A")
    hour = pl.col("start") % DAY // HOUR
    late = touches & (hour >= 9) & (hour < 15) & (pl.col("start") > START + 21 * DAY)
    slow = frame.with_columns(end=pl.col("end") + pl.when(late).then(8 * 60_000).otherwise(0))
    more = pl.concat([schedule, schedule.head(7).with_columns(
        pl.col("start", "end") + 21 * DAY, id=pl.col("id") + "x")])  # fmt: skip
    past = make_history(slow, None, more, settings=GROUPS)
    tried = backtest_moves(past, folds=1, fold_days=7)
    found = trial(tried, past, "PM", by_rules(RULES))
    assert isinstance(found, Trial)
    assert found.pays
    wrong = trial(tried, past, "PM", lambda item, median: -4.0)
    assert wrong is not None
    assert not wrong.pays
    assert not Trial(Interval(0.5, -0.1, 1.1), 10, 5).pays


def test_a_correction_is_bounded() -> None:
    assert bounded(1e9, 6.0) == 12.0
    assert bounded(-1e9, 6.0) == -4.0


def test_single_moves_beat_the_routes_own_quantiles() -> None:
    found = backtest_moves(history(days=28, per_hour=20), folds=1, fold_days=5)
    scores = {n: crps(q, found.actual).mean() for n, q in found.forecasts.items()}
    assert scores["chosen"] < 0.97 * scores["route's quantiles"]
    assert 0.75 < covered(found.forecasts["chosen"], found.actual).mean() < 0.85


def test_features_show_only_what_was_known() -> None:
    whole = history(days=21)
    cut = START + 15 * DAY
    model = BoostedMoves(rounds=10)
    model.fit(whole.until(cut))
    asked = whole.done.filter((pl.col("start") >= cut) & (pl.col("start") < cut + DAY))
    as_of = np.full(len(asked), cut)
    later = (pl.col("end") >= cut) & pl.col("end").is_not_null()
    spoilt = whole.moves.with_columns(
        minutes=pl.when(later).then(pl.col("minutes") * 9).otherwise(pl.col("minutes"))
    )
    other = type(whole)(spoilt, whole.readings, whole.schedule, whole.stock, whole.zone)
    assert np.array_equal(model.predict(asked, as_of, whole), model.predict(asked, as_of, other))


def test_the_same_hour_lately_is_the_same_hour_after_the_clock_changed() -> None:
    """PREVENT 31: in Berlin moves of eight o'clock take twice as long; on 30 March 2026 the feature
    that looks at that hour of the days before does not lie an hour off."""
    settings = ForecastSettings(time_zone="Europe/Berlin")
    frame = moves(days=28, per_hour=20)
    frame = frame.filter(pl.col("start") < START + 28 * DAY)
    at = pl.col("start").cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone("Europe/Berlin")
    length = pl.col("end") - pl.col("start")
    slow = frame.with_columns(
        end=pl.col("end") + pl.when(at.dt.hour() == 8).then(length).otherwise(0)
    )
    past = make_history(slow, settings=settings)
    design = make_design(past, learn_vocabulary(past))
    asked = pl.DataFrame(
        {"route": "A→B", "pair": "→", "source": "A", "destination": "B", "priority": "NORMAL",
         "start": [START + 27 * DAY + (22 + k) * HOUR + HOUR // 2 for k in range(24)]},
    )  # fmt: skip
    known = np.full(24, START + 27 * DAY + 22 * HOUR)  # midnight in Berlin, in summer time
    found = features(asked, known, design, State(past, past.usual), past)
    lately = found[:, list(BASE).index("route, same hour lately")]
    assert set(np.argsort(lately)[-2:]) == {7, 8}  # it looks at the hour and the one after


def test_a_kept_predictor_answers_the_same(known: Predictor, tmp_path: Path) -> None:
    path = tmp_path / "predictor.json"
    write_predictor(known, path)
    again = restore(read_kept(path), known.history)
    at = START + 20 * DAY
    for route in ("A→B", "A→Nowhere"):
        assert again.predict(route, at) == known.predict(route, at)
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    with pytest.raises(ForecastError, match=r"predictor\.json: cannot be read"):
        read_kept(path)


def test_events_since_the_fit_count_at_once(known: Predictor, tmp_path: Path) -> None:
    """Three hours in which everything takes three times as long, and a place that is new: the trees
    stay, the newest moves are in the forecast and among its cases."""
    write_predictor(known, tmp_path / "predictor.json")
    kept = read_kept(tmp_path / "predictor.json")
    late = moves(days=1, per_hour=40).filter(pl.col("start") < START + 3 * HOUR)
    late = late.with_columns(
        id=pl.col("id") + "late",
        start=pl.col("start") + 21 * DAY,
        end=pl.col("start") + 21 * DAY + 3 * (pl.col("end") - pl.col("start")),
        source=pl.when(pl.col("source") == "B").then(pl.lit("0")).otherwise("source"),
    )
    columns = late.columns
    grown = make_history(
        pl.concat([known.history.moves.select(columns), late]), None, plan(), settings=GROUPS
    )
    assert kept.learnt.holds(grown)
    now = restore(kept, grown)
    assert now.members.booster.trees == known.members.booster.trees
    assert now.last > known.last
    at = START + 21 * DAY + 3 * HOUR
    before, after = known.predict("A→C", at, as_of=at), now.predict("A→C", at, as_of=at)
    assert after.median != before.median
    assert after.n_history > before.n_history
    assert any(case.id.endswith("late") for case in after.cases)
    assert after.learnt_until == before.learnt_until < after.as_of
    assert good(now.predict("0→C", at))
    assert not kept.learnt.holds(grown.until(START + 10 * DAY))


def test_a_reason_names_a_rule_by_its_own_sentence(known: Predictor) -> None:
    at = START + 20 * DAY + 12 * HOUR + HOUR // 2
    for reason in known.predict("C→B", at).reasons:
        assert "noon" not in reason.factor or reason.text == "“noon takes 3 more”에 해당"
    assert factor_text(RULES[1], False, "ko") == "“noon takes 3 more”에 해당하지 않음"
    assert factor_text(RULES[1], True, "en") == "“noon takes 3 more”"
    assert factor_text("load", True, "ko") == "물량"


def test_every_number_of_the_sentence_is_the_forecasts_own(known: Predictor) -> None:
    """PREVENT 35."""
    found = ask(known, "A→B", "2026-03-22T18:30")
    minutes = (found.median, *found.interval, *(abs(r.minutes) for r in found.reasons))
    own = {f"{m:.1f}" for m in minutes}
    for language in ("ko", "en"):
        said = sentence(found, language)  # type: ignore[arg-type]
        assert ("2026-03-22(일) 18:30에" if language == "ko" else "at 2026-03-22 18:30 Sun") in said
        assert set(re.findall(r"\d+\.\d+", said)) <= own


def test_the_sentence_says_what_a_thin_route_stands_on(known: Predictor) -> None:
    """What a tool gives to `ask` is the sentence alone."""
    said = sentence(ask(known, "A→Nowhere", "2026-03-22T18:30"))
    assert "A→Nowhere 기록은 없어서 모든 경로의 이동" in said
    assert "처음 보는 곳: Nowhere" in said
    told = sentence(ask(known, "A→Nowhere", "2026-03-22T18:30", language="en"), "en")
    assert "A→Nowhere has no moves on record" in told


def test_places_without_groups_are_no_pair() -> None:
    found = fit_predictor(history(days=3, per_hour=4), ()).predict("A→Nowhere", START)
    assert found.level == "all"
    assert "→ 경로들" not in found.fallback


def test_new_events_are_in_the_next_forecast_without_a_fit(tmp_path: Path) -> None:
    """A log of two weeks; then its next hours, a fiftieth more; then as much again."""
    home, plain = tmp_path / "home", ForecastSettings()
    frame = moves(days=20, per_hour=8).with_columns(
        pl.col("start", "end").cast(pl.Datetime("ms", "UTC"))
    )

    def take(begin: int, end: int) -> Predictor:
        frame.slice(begin, end - begin).write_parquet(tmp_path / "moves.parquet")
        ingest([tmp_path / "moves.parquet"], plain, home)
        return load(tmp_path, plain, home)

    first, second, third = take(0, 2500), take(2500, 2550), take(2550, 3800)
    assert second.learnt == first.learnt
    assert second.last > first.last
    assert ask(second, "A→B").as_of > ask(first, "A→B").as_of
    assert third.learnt.moves == 3800
    assert len(list(home.glob("predictor-*.json"))) == 1


def test_two_moves_are_enough_to_answer() -> None:
    few = make_history(moves(days=1).head(2), settings=GROUPS)
    assert good(fit_predictor(few, ()).predict("A→B", START))


@pytest.mark.parametrize("minutes", [5, 7 * 24 * 60])
def test_moves_that_all_start_at_once_are_answered(minutes: int) -> None:
    """None of them was known before the others."""
    frame = moves(days=10).head(600).with_columns(start=pl.lit(START))
    end = START + minutes * 60_000 + pl.int_range(pl.len()) * 1000
    at_once = make_history(frame.with_columns(end=end), settings=GROUPS)
    assert good(fit_predictor(at_once, ()).predict("A→B", START + DAY))


def test_a_few_moves_that_took_a_week_end_in_stretches_where_none_began() -> None:
    held = pl.int_range(pl.len()) % 7 == 0
    end = pl.when(held).then(pl.col("start") + 7 * DAY).otherwise(pl.col("end"))
    frame = moves(days=14, per_hour=4).with_columns(end=end)
    found = fit_predictor(make_history(frame, settings=GROUPS), ()).predict("A→B", START + 14 * DAY)
    assert good(found)
    assert (
        found.interval[1] <= 1.5 * 7 * 24 * 60 * 1.01
    )  # the longest that was ever seen, half more


def drifting(days: int = 80) -> History:
    """Moves that take a fifth longer from day 60 on, on all routes."""
    return history(days=days, per_hour=3, slow=(60, days, 1.2))


def test_calibration_follows_what_changes_for_weeks() -> None:
    """The models stay as they were fitted on day 58; what comes after day 66 is covered as it
    should, because the errors of the days between count. Without them it is not."""
    whole = drifting()
    past = whole.until(START + 58 * DAY)
    coming = whole.done.filter(pl.col("start") >= START + 66 * DAY)
    as_of, minutes = coming["start"].to_numpy() - HOUR // 2, coming["minutes"].to_numpy()
    inside = {}
    for name, known in (("all", whole), ("past", past)):
        forecaster = Calibrated(Empirical())
        forecaster.fit(past)
        inside[name] = covered(forecaster.predict(coming, as_of, known), minutes).mean()
    assert 0.76 < inside["all"] < 0.86
    assert inside["past"] < 0.7


def test_calibration_knows_nothing_of_what_comes_later() -> None:
    whole = drifting()
    at = START + 70 * DAY
    coming = whole.done.filter(pl.col("start").is_between(at, at + DAY))
    as_of = np.full(len(coming), at)
    found = []
    for known in (whole, whole.until(at)):
        forecaster = Calibrated(Empirical())
        forecaster.fit(whole.until(START + 58 * DAY))
        found.append(forecaster.predict(coming, as_of, known))
    assert (found[0] == found[1]).all()


def test_a_kept_file_whose_errors_do_not_fit_together_is_damaged(
    known: Predictor, tmp_path: Path
) -> None:
    write_predictor(known, tmp_path / "kept.json")
    kept = json.loads((tmp_path / "kept.json").read_text(encoding="utf-8"))
    kept["errors"][0]["route"] = "AAAA"
    (tmp_path / "kept.json").write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(ForecastError, match="cannot be read"):
        read_kept(tmp_path / "kept.json")
