"""How a problem is told."""

from __future__ import annotations

from goldens import Golden
from lakewright.errors import Place, Problem
from lakewright.observe import render_problems

KNOWN = Problem(
    "LW204",
    "column `custmer_id` is not produced by silver.customers",
    Place("sql/sales/gold/orders.sql", 7, 9, 10, "      c.custmer_id"),
    hint="did you mean `customer_id`?",
    label="silver.customers has: customer_id, email_hash, region",
)


def caret_lines(problem: Problem) -> list[str]:
    return [line for line in render_problems([problem]).splitlines() if "^" in line]


def test_a_problem_shows_its_line_its_span_and_what_to_do(golden: Golden) -> None:
    golden("observe/one_problem.txt", render_problems([KNOWN]))


def test_colour_adds_codes_and_changes_no_text(golden: Golden) -> None:
    golden("observe/one_problem_colour.txt", render_problems([KNOWN], color=True))


def test_several_problems_end_with_their_count(golden: Golden) -> None:
    bare = Problem("LW341", "prod has no release")
    noted = Problem(
        "LW220", "cycle", Place("pipelines/a.yml", 12), notes=("a reads b", "b reads a")
    )
    golden("observe/several_problems.txt", render_problems([KNOWN, noted, bare]))


def test_the_gutter_is_as_wide_as_the_line_number() -> None:
    far = Problem("LW1", "far", Place("a.yml", 1234, 1, 3, "key: 1"))
    lines = render_problems([far]).splitlines()
    assert lines[1:5] == ["     --> a.yml:1234:1", "      |", " 1234 | key: 1", "      | ^^^"]


def test_a_tab_moves_no_caret() -> None:
    tabbed = Problem("LW1", "tab", Place("a.sql", 1, 2, 1, "\tx"))
    assert caret_lines(tabbed) == ["   |  ^"]


def test_a_wide_character_moves_the_caret_by_two_cells() -> None:
    wide = Problem("LW1", "wide", Place("a.sql", 1, 2, 1, "日x"))
    assert caret_lines(wide) == ["   |   ^"]


def test_a_span_beyond_the_line_stays_on_one_caret() -> None:
    beyond = Problem("LW1", "end", Place("a.sql", 1, 99, 5, "ab"))
    assert caret_lines(beyond) == ["   |   ^"]


def test_a_long_line_is_cut_around_its_span() -> None:
    long = Problem("LW1", "long", Place("a.sql", 1, 501, 3, "x" * 500 + "BAD" + "y" * 500))
    lines = render_problems([long]).splitlines()
    source, mark = lines[3], lines[4]
    assert len(source) < 200
    assert source[mark.index("^") : mark.rindex("^") + 1] == "BAD"


def test_control_characters_of_user_text_reach_no_terminal() -> None:
    evil = Problem("LW1", "bad \x1b[2J name", Place("a.sql", 1, 1, 1, "\x1b]0;x\x07"))
    assert "\x1b" not in render_problems([evil])
    assert "\x07" not in render_problems([evil])


def test_a_place_without_its_text_shows_the_place_alone() -> None:
    placed = Problem("LW1", "bare", Place("a.yml", 3))
    assert render_problems([placed]).splitlines()[1:] == [
        "  --> a.yml:3:1",
        "help: lakewright explain LW1",
    ]
