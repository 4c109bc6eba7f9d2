"""Options of the test run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

RECORDINGS = Path(__file__).parent / "golden" / "recordings"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record",
        action="store_true",
        help="let the lab cases of the story refresh tests/golden/recordings; expected verdicts stay as they are",
    )
    parser.addoption(
        "--snapshots",
        action="store_true",
        help="write tests/golden/formats anew; read the difference before you commit it",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that only record run with --record alone; in CI a lab test that fails is run once more, and shown as rerun."""
    if not config.getoption("--record"):
        items[:] = [item for item in items if item.get_closest_marker("recording") is None]
    if os.environ.get("CI"):
        for item in items:
            if item.get_closest_marker("lab") is not None:  # real networks beside five others on two cores
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def recordings(request: pytest.FixtureRequest) -> Path | None:
    """The folder to record into, or None."""
    return RECORDINGS if request.config.getoption("--record") else None
