"""Paired differences: published examples, SciPy and statsmodels as references, properties."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests

from sadari.stats import bca_paired, holm, mcnemar_midp, newcombe_paired, sign_flip

counts = st.integers(0, 40)


def test_newcombe_gives_the_published_limits() -> None:
    # Newcombe (1998), Statistics in Medicine 17: 2635–2650, table III, method 10.
    interval = newcombe_paired(36, 12, 2, 0)
    assert interval.estimate == pytest.approx(0.2)
    assert (interval.low, interval.high) == pytest.approx((0.0569, 0.3404), abs=5e-5)


@settings(deadline=None)
@given(counts, counts, counts, counts)
def test_newcombe_is_antisymmetric_and_bounded(a: int, b: int, c: int, d: int) -> None:
    one, other = newcombe_paired(a, b, c, d), newcombe_paired(a, c, b, d)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-9)
    assert -1 <= one.low <= one.estimate <= one.high <= 1


def test_midp_gives_the_published_value() -> None:
    # Fagerland et al. (2013), airway hyper-responsiveness: exact .070, mid-p .039.
    assert mcnemar_midp(1, 7) == pytest.approx(0.0390625)


@settings(deadline=None)
@given(counts, counts)
def test_midp_is_the_exact_test_less_half_the_observed_point(b: int, c: int) -> None:
    if b == c:
        assert mcnemar_midp(b, c) == 1.0
        return
    test = binomtest(min(b, c), b + c)
    point = binomtest(min(b, c), b + c, alternative="less").pvalue
    before = binomtest(min(b, c) - 1, b + c, alternative="less").pvalue if min(b, c) else 0.0
    assert mcnemar_midp(b, c) == pytest.approx(test.pvalue - (point - before), abs=1e-12)


def test_midp_of_thousands_of_disagreements_does_not_overflow() -> None:
    assert mcnemar_midp(2_600, 2_400) == pytest.approx(0.0047, abs=2e-4)


@settings(deadline=None)
@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=60))
def test_sign_flip_of_single_questions_is_mcnemar(differences: list[int]) -> None:
    expected = mcnemar_midp(differences.count(1), differences.count(-1))
    assert sign_flip(differences, range(len(differences))) == pytest.approx(expected)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from([-1, -2 / 3, -1 / 3, 0, 1 / 3, 2 / 3, 1])),
        min_size=1,
        max_size=30,
    )
)
def test_sign_flip_equals_the_count_over_all_flips(rows: list[tuple[int, float]]) -> None:
    clusters, differences = zip(*rows, strict=True)
    sums = [sum(d for c, d in rows if c == cluster) for cluster in dict.fromkeys(clusters)]
    observed = abs(sum(sums))
    flips = [
        abs(sum(sign * s for sign, s in zip(signs, sums, strict=True)))
        for signs in product((-1, 1), repeat=len(sums))
    ]
    more = sum(f > observed + 1e-9 for f in flips) / len(flips)
    same = sum(abs(f - observed) <= 1e-9 for f in flips) / len(flips)
    expected = 1.0 if observed < 1e-9 else min(1.0, more + same / 2)
    assert sign_flip(differences, clusters) == pytest.approx(expected, abs=1e-9)


def test_sign_flip_of_graded_values_is_close_to_a_t_test() -> None:
    from scipy.stats import ttest_1samp

    values = np.random.default_rng(5).normal(0.15, 1.0, size=150)
    reference = ttest_1samp(values, 0).pvalue
    assert sign_flip(values, range(150)) == pytest.approx(reference, abs=0.02)


@settings(deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=25))
def test_sign_flip_does_not_care_who_is_first(differences: list[float]) -> None:
    clusters = [i // 3 for i in range(len(differences))]
    p = sign_flip(differences, clusters)
    assert 0 < p <= 1
    assert sign_flip([-d for d in differences], clusters) == pytest.approx(p)


def test_bootstrap_is_repeatable_and_agrees_with_scipy() -> None:
    from scipy.stats import bootstrap

    rng = np.random.default_rng(3)
    values = rng.choice([-1.0, 0.0, 0.0, 1.0, 1.0], size=200)
    mine = bca_paired(values, range(200), seed=1, resamples=20_000)
    assert mine == bca_paired(values, range(200), seed=1, resamples=20_000)
    theirs = bootstrap((values,), np.mean, n_resamples=20_000, method="BCa", rng=rng)
    # Mine is wider by Student's quantile: 0.9 % at 200 values.
    assert mine.low == pytest.approx(theirs.confidence_interval.low, abs=0.012)
    assert mine.high == pytest.approx(theirs.confidence_interval.high, abs=0.012)


def test_bootstrap_widens_with_copied_questions_only_by_their_groups() -> None:
    once = np.random.default_rng(4).choice([-1.0, 0.0, 1.0], size=40)
    single = bca_paired(once, range(40), resamples=20_000)
    copied = bca_paired(np.repeat(once, 3), np.repeat(np.arange(40), 3), resamples=20_000)
    assert (copied.low, copied.high) == pytest.approx((single.low, single.high), abs=0.02)


def test_bootstrap_that_knows_nothing_says_so() -> None:
    interval = bca_paired([0.0, 0.0, 0.0], ["a", "b", "c"])
    assert (interval.low, interval.high) == (-1.0, 1.0)


@settings(deadline=None, max_examples=25)  # statsmodels collects garbage at every call
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)


def test_holm_of_no_comparison_is_empty() -> None:
    assert holm([]) == ()
