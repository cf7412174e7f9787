"""What benchmarks share."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.harness import Figure, run_command

#: More than a pipe holds.
MUCH = 300_000


def test_a_child_that_writes_many_errors_ends() -> None:
    code = f"import sys; sys.stderr.write('e' * {MUCH}); print('o' * {MUCH})"
    finished = run_command([sys.executable, "-c", code])
    assert len(finished.output) == MUCH + 1
    assert finished.peak_gb > 0


def test_the_peak_of_a_child_is_its_own() -> None:
    held = b"1" * 300_000_000
    finished = run_command([sys.executable, "-c", "print(len(b'1' * 100_000_000))"])
    assert finished.output == "100000000\n"
    assert 0.1 < finished.peak_gb < 0.25, "what this process holds is not the child's"
    assert len(held) == 300_000_000


def test_the_errors_of_a_child_that_fails_are_kept() -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_command([sys.executable, "-c", "raise SystemExit('broken')"])
    assert caught.value.stderr == "broken\n"
    assert caught.value.__notes__ == ["broken\n"]


@pytest.mark.parametrize(
    ("value", "goal", "reached"), [(3.0, "<= 3", True), (3.1, "<= 3", False), (0.9, ">= 0.9", True), (1.0, None, None)]
)
def test_a_figure_says_whether_its_goal_is_reached(value: float, goal: str | None, reached: bool | None) -> None:
    assert Figure("metric", value, "s", goal).reached is reached
