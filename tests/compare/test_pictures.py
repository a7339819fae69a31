"""Pictures are drawn from what there is; what is undefined, infinite or too much to show does not break them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from selfinstruct.compare.contrasts import contrasts
from selfinstruct.compare.curves import Point, trade_off_curves
from selfinstruct.compare.forest import forest_plot
from selfinstruct.compare.set_diagram import MOST_COLUMNS, combinations_met, set_diagram
from selfinstruct.compare.shares import shares_plot
from selfinstruct.compare.style import COLOURS
from selfinstruct.errors import InputError
from selfinstruct.figures import drawing_of
from selfinstruct.statistics import Count, Estimate, undefined
from selfinstruct.statistics.estimates import without_interval

BLUE = tuple(int(COLOURS[0][place : place + 2], 16) for place in (1, 3, 5))


def pixels(path: Path) -> np.ndarray:
    return np.rint(imread(path)[:, :, :3] * 255).astype(int)


def blue(path: Path) -> int:
    return int((pixels(path) == BLUE).all(axis=-1).sum())


def test_the_forest_plot_draws_every_defined_contrast(tmp_path: Path) -> None:
    counts = {f"criterion {n}": {"a": Count(5 + n, 20), "b": Count(9, 20)} for n in range(3)}
    few = forest_plot(contrasts({"one": counts["criterion 0"]}, "b"), tmp_path / "few.png")
    many = forest_plot(contrasts(counts, "b"), tmp_path / "many.png")
    assert blue(many) > 2 * blue(few) > 0


def test_the_forest_plot_says_undefined_and_draws_infinity_as_an_arrow(tmp_path: Path) -> None:
    nothing = forest_plot(contrasts({"never": {"a": Count(0, 0), "b": Count(1, 2)}}, "b"), tmp_path / "none.png")
    assert blue(nothing) == 0
    infinite = forest_plot(contrasts({"all": {"a": Count(9, 9), "b": Count(3, 9)}}, "b"), tmp_path / "infinite.png")
    assert blue(infinite) > 0


def test_several_arms_and_long_names_fit(tmp_path: Path) -> None:
    arms = {f"model=provider/a-rather-long-name-{n}": Count(5 + n, 20) for n in range(6)}
    path = forest_plot(contrasts({"accepted, of judged": arms}, next(iter(arms))), tmp_path / "long.png")
    assert pixels(path)[:, -3:].min() > 200  # nothing is cut off at the right


def test_shares_leave_out_what_is_undefined(tmp_path: Path) -> None:
    both = shares_plot({"x": {"a": Count(1, 2), "b": Count(1, 3)}}, tmp_path / "both.png")
    none = shares_plot({"x": {"a": Count(0, 0), "b": Count(1, 3)}}, tmp_path / "none.png")
    absent = shares_plot({"x": {"b": Count(1, 3)}, "y": {"a": Count(0, 0)}}, tmp_path / "absent.png")
    assert blue(both) > 0 == blue(none)
    assert absent.is_file()


def test_combinations_are_exact_and_items_that_lack_a_value_are_counted_apart() -> None:
    found, missing = combinations_met([[True, False], [True, False], [True, True], [None, True]])
    assert (found, missing) == (Counter({(True, False): 2, (True, True): 1}), 1)


def test_the_set_diagram_draws_more_combinations_than_it_has_columns_for(tmp_path: Path) -> None:
    every = [tuple(bool(number >> bit & 1) for bit in range(5)) for number in range(2 * MOST_COLUMNS)]
    arms = {"a": Counter({met: 40 - place for place, met in enumerate(every)}), "b": Counter(every)}
    path = set_diagram(["v", "w", "x", "y", "z"], arms, tmp_path / "sets.png")
    assert blue(path) > 1_000


def test_curves_are_drawn_in_the_order_of_their_values_and_without_what_is_undefined(tmp_path: Path) -> None:
    def point(value: float, accepted: Estimate) -> Point:
        return Point(value, accepted, Estimate(value / 3, value / 4, value / 2, 9), undefined("no seeds", 0))

    known = [point(value, Estimate(value, value - 0.1, value + 0.1, 9)) for value in (0.9, 0.5, 0.7)]
    unknown = point(0.6, undefined("nothing was judged", 0))
    sorted_path = trade_off_curves(sorted(known, key=lambda one: one.value), "a.max_rouge_l", tmp_path / "sorted.png")
    given = trade_off_curves(known, "a.max_rouge_l", tmp_path / "given.png")
    assert sorted_path.read_bytes() == given.read_bytes()
    assert blue(trade_off_curves([*known, unknown], "a.max_rouge_l", tmp_path / "more.png")) > 0


def test_a_point_without_an_interval_is_hollow_and_the_picture_says_so(tmp_path: Path) -> None:
    def drawn(lacking: set[float]) -> str:
        one, bare = Estimate(0.5, 0.4, 0.6, 9), without_interval(0.5, "8 clusters are too few; 10 are needed", 9)
        points = [Point(x, bare if x in lacking else one, one, one) for x in (0.1, 0.2, 0.3)]
        return drawing_of(trade_off_curves(points, "x", tmp_path / "curves.png"))

    assert drawn(set()).count("lines: 95% intervals by request</text>") == 2
    some = drawn({0.2})
    assert "lines: 95% intervals by request; hollow: none</text>" in some
    assert "<title>0.2: 50.0 % (interval undefined, because 8 clusters are too few; 10 are needed); n 9</title>" in some
    assert "hollow: too few requests for an interval</text>" in drawn({0.1, 0.2, 0.3})


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"out=.*file: cannot be written .* choose another out="):
        shares_plot({"x": {"a": Count(1, 2)}}, tmp_path / "file" / "shares.png")


def test_the_pages_of_the_pictures_tell_the_numbers_behind_every_mark(tmp_path: Path) -> None:
    counts = {"singular": {"high": Count(218, 286), "mixed": Count(163, 286)}}
    estimate = Estimate(0.5, 0.4, 0.6, 10)
    forest = forest_plot(contrasts(counts, "mixed"), tmp_path / "forest.png")
    shares = shares_plot(counts, tmp_path / "shares.png")
    sets = set_diagram(["v", "w"], {"a": Counter({(True, False): 3, (False, False): 1})}, tmp_path / "sets.png")
    points = [Point(value, estimate, estimate, undefined("no seeds", 0)) for value in (0.1, 0.2)]
    curves = trade_off_curves(points, "x", tmp_path / "curves.png")
    for path, told in (
        (forest, "singular: high 218 of 286, mixed 163 of 286; odds ratio 2.42 (1.66-3.53), difference in points "),
        (shares, "singular, mixed: 163 of 286, 57.0 % (51.2-62.6)</title>"),
        (sets, "a: 3 of 4 items meet v and nothing else</title>"),
        (sets, "a: 1 of 4 items meet none of them</title>"),
        (sets, "a: 3 of 4 items meet v</title>"),
        (curves, "0.1: 50.0 % (40.0-60.0); n 10</title>"),
        (curves, "0.2, to the pool: 0.500 (0.400-0.600); n 10</title>"),
        (curves, "0.1: accepted 50.0 % (40.0-60.0), ROUGE-L to the pool 0.500 (0.400-0.600)</title>"),
    ):
        assert f"<title>{told}" in drawing_of(path), told
    assert "to the seeds:" not in drawing_of(curves)


NAMES = [r"$\frac{$", "a_b^c $x$", "高品質 🙂"]


def test_names_are_shown_as_they_are_and_begin_no_formula(tmp_path: Path) -> None:
    by_arm = {name: Count(5, 9) for name in NAMES}
    counts = dict.fromkeys(NAMES, by_arm)
    forest_plot(contrasts(counts, NAMES[0]), tmp_path / "forest.png")
    forest_plot(contrasts({name: dict(list(by_arm.items())[:2]) for name in NAMES}, NAMES[0]), tmp_path / "two.png")
    shares_plot(counts, tmp_path / "shares.png")
    met = {name: Counter({(True, False, True): 3}) for name in NAMES}
    set_diagram(NAMES, met, tmp_path / "sets.png")
    estimate = Estimate(0.5, 0.4, 0.6, 10)
    points = [Point(value, estimate, estimate, estimate) for value in (0.1, 0.2, 0.3)]
    trade_off_curves(points, r"filters.$\frac", tmp_path / "curves.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("curves.html", "curves.png", "forest.html", "forest.png", "sets.html", "sets.png"),
        *("shares.html", "shares.png", "two.html", "two.png"),  # and nothing half written
    ]
