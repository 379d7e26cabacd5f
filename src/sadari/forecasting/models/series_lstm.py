"""A small recurrent network for the hours of all routes. Needs PyTorch."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from sadari.forecasting.models.panel import WEEK, Panel, filled
from sadari.forecasting.quantiles import LEVELS, Floats, Integers

WINDOWS = 1536
EPOCHS = 5
BATCH = 64


class Lstm:
    """An LSTM reads the last week and the calendar; a head turns its state, the calendar ahead and
    the same hour of the last day into quantiles, trained on the pinball loss."""

    name: ClassVar[str] = "lstm"

    def __init__(self, horizon: int = 24, *, seed: int = 0) -> None:
        self._horizon, self._seed = horizon, seed
        self._net: _Net | None = None

    def fit(self, panel: Panel) -> None:
        """Trains on windows drawn from the last eight weeks."""
        values = filled(panel)
        usable = np.flatnonzero(np.isfinite(values).all(axis=1))
        first, last = WEEK, panel.hours - self._horizon
        if last <= first or not len(usable):
            return
        draw = np.random.default_rng(self._seed)
        series = draw.choice(usable, WINDOWS)
        origins = draw.integers(max(first, last - 8 * WEEK), last, WINDOWS)
        past, ahead, seasonal, _, _ = _inputs(panel, values, series, origins, self._horizon)
        target = np.stack(
            [panel.values[s, o : o + self._horizon] for s, o in zip(series, origins, strict=True)]
        )
        level, scale = _units(values, series, origins)
        unit = torch.as_tensor((target - level[:, None]) / scale[:, None], dtype=torch.float32)
        with torch.random.fork_rng():
            torch.manual_seed(self._seed)
            net = _Net()
            optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
            steps = EPOCHS * (WINDOWS // BATCH)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 8e-3, total_steps=steps)
            for _ in range(EPOCHS):
                for rows in torch.chunk(torch.randperm(WINDOWS), WINDOWS // BATCH):
                    loss = _pinball(net(past[rows], ahead[rows], seasonal[rows]), unit[rows])
                    optimizer.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                    optimizer.step()
                    schedule.step()
        self._net = net.eval()

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Quantiles [series, horizon, levels]; NaN where nothing could be learnt."""
        found = np.full((len(panel.names), horizon, len(LEVELS)), np.nan)
        values = filled(panel)
        usable = np.flatnonzero(np.isfinite(values).all(axis=1))
        if self._net is None or panel.hours < WEEK or not len(usable):
            return found
        series = usable
        origins = np.full(len(series), panel.hours)
        past, ahead, seasonal, level, scale = _inputs(panel, values, series, origins, horizon)
        with torch.inference_mode():
            quantiles = self._net(past, ahead, seasonal).double().numpy()
        found[series] = quantiles * scale[:, None, None] + level[:, None, None]
        return found


class _Net(nn.Module):
    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(5, width, batch_first=True)
        self.head = nn.Sequential(nn.Linear(width + 7, 48), nn.ReLU(), nn.Linear(48, len(LEVELS)))

    def forward(self, past: Tensor, ahead: Tensor, seasonal: Tensor) -> Tensor:
        """Quantiles [windows, horizon, levels] in the windows' units, in ascending order."""
        _, (state, _) = self.recurrent(past)
        state = state[-1][:, None].expand(-1, ahead.shape[1], -1)
        raw = self.head(torch.cat([state, ahead, seasonal], dim=-1))
        steps = nn.functional.softplus(raw[..., 1:])
        middle = len(LEVELS) // 2
        climb = torch.cat([torch.zeros_like(raw[..., :1]), steps.cumsum(-1)], dim=-1)
        median: Tensor = raw[..., :1] + seasonal[..., :1]
        return median + climb - climb[..., middle : middle + 1]


def _pinball(quantiles: Tensor, target: Tensor) -> Tensor:
    known = ~target.isnan()
    levels = torch.as_tensor(LEVELS, dtype=torch.float32)
    error = target.nan_to_num()[..., None] - quantiles
    loss = torch.maximum(levels * error, (levels - 1) * error).mean(-1)
    return (loss * known).sum() / known.sum().clamp(min=1)


def _units(values: Floats, series: Integers, origins: Integers) -> tuple[Floats, Floats]:
    windows = _windows(values, series, origins)
    level = windows.mean(axis=1)
    return level, np.maximum(windows.std(axis=1), 1e-3 * np.abs(level) + 1e-9)


def _windows(values: Floats, series: Integers, origins: Integers) -> Floats:
    columns = np.asarray(origins)[:, None] - WEEK + np.arange(WEEK)
    found: Floats = values[np.asarray(series)[:, None], columns]
    return found


def _inputs(
    panel: Panel, values: Floats, series: Integers, origins: Integers, horizon: int
) -> tuple[Tensor, Tensor, Tensor, Floats, Floats]:
    windows = _windows(values, series, origins)
    level, scale = _units(values, series, origins)
    unit = (windows - level[:, None]) / scale[:, None]
    columns = np.asarray(origins)[:, None] - WEEK + np.arange(WEEK)
    past = np.concatenate([unit[..., None], _calendar(panel, columns)], axis=-1)
    coming = np.asarray(origins)[:, None] + np.arange(horizon)
    step = np.broadcast_to((np.arange(horizon) / horizon)[None, :, None], (*coming.shape, 1))
    ahead = np.concatenate([_calendar(panel, coming), step], axis=-1)
    day = unit[:, WEEK - 24 + np.arange(horizon) % 24]
    week = unit[:, np.arange(horizon) % WEEK]
    seasonal = np.stack([day, week], axis=-1)
    tensors = [torch.as_tensor(x, dtype=torch.float32) for x in (past, ahead, seasonal)]
    return tensors[0], tensors[1], tensors[2], level, scale


def _calendar(panel: Panel, columns: Integers) -> Floats:
    end = int(columns.max()) + 1
    hour = panel.hour_of_day(0, end)[columns] * (2 * np.pi / 24)
    day = panel.weekday(0, end)[columns] * (2 * np.pi / 7)
    return np.stack([np.sin(hour), np.cos(hour), np.sin(day), np.cos(day)], axis=-1)
