"""A plot as SVG, on logarithmic axes, without a plotting library: the same figures give the same file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 720, 440, 80, 50, 30, 60
_STEPS: Final = 40
_STYLE: Final = (
    "text{font:13px sans-serif;fill:#444}.title{font-size:15px;fill:#222}.grid{stroke:#ddd}.fit{stroke:#c60;stroke-width:2;fill:none}"
    ".even{stroke:#999;stroke-dasharray:5 4;fill:none}circle{fill:#06c}"
)


def growth_plot(points: Sequence[tuple[float, float]], fixed_s: float, exponent: float, doubt: float) -> str:
    """CPU seconds over bytes, the fitted law above the fixed cost, and growth in proportion, through the largest, above the same."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    x_range, y_range = _decades(xs), _decades(ys)

    def at(x: float, y: float) -> tuple[float, float]:
        return _place(x, x_range, _LEFT, _WIDTH - _RIGHT), _place(y, y_range, _HEIGHT - _BOTTOM, _TOP)

    net = [math.log(max(y - fixed_s, 0.1)) for y in ys]
    middle_x, middle_y = math.exp(sum(map(math.log, xs)) / len(xs)), math.exp(sum(net) / len(net))
    steps = [xs[0] * (xs[-1] / xs[0]) ** (number / _STEPS) for number in range(_STEPS + 1)]
    law = [at(x, fixed_s + middle_y * (x / middle_x) ** exponent) for x in steps]
    even = [at(x, fixed_s + (ys[-1] - fixed_s) * x / xs[-1]) for x in steps]
    title = f"CPU seconds of a whole curation: {fixed_s:.0f} s, and bytes to the power {exponent:.3f} ± {doubt:.3f}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}">',
        f'<style>{_STYLE}</style><rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{_LEFT}" y="28">{title}</text>',
        *_grid(x_range, y_range, at),
        _curve("even", even),
        _curve("fit", law),
        *(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{mb / 1e6:.1f} MB, {s:.1f} s</title></circle>'
            for mb, s in points
            for x, y in [at(mb, s)]
        ),
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 16}" text-anchor="end">MB of text; dashed: in proportion, through the largest</text>',
        f'<text x="{_LEFT - 60}" y="{_TOP - 6}">CPU s</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _place(value: float, decades: tuple[int, int], start: float, end: float) -> float:
    return start + (math.log10(value) - decades[0]) / (decades[1] - decades[0]) * (end - start)


def _grid(x_range, y_range, at) -> list[str]:
    lines = []
    for power in range(x_range[0], x_range[1] + 1):
        x, y = at(10.0**power, 10.0 ** y_range[0])
        lines += [_line("grid", [(x, y), (x, _TOP)]), f'<text x="{x:.1f}" y="{y + 20:.1f}" text-anchor="middle">{10.0**power / 1e6:g}</text>']
    for power in range(y_range[0], y_range[1] + 1):
        x, y = at(10.0 ** x_range[0], 10.0**power)
        lines += [_line("grid", [(x, y), (_WIDTH - _RIGHT, y)]), f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>']
    return lines


def _dot(place: tuple[float, float], said: str) -> str:
    return f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="4"><title>{said}</title></circle>'


def _curve(kind: str, places: Sequence[tuple[float, float]]) -> str:
    return f'<polyline class="{kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'


def _line(kind: str, ends: Sequence[tuple[float, float]]) -> str:
    (x1, y1), (x2, y2) = ends
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
