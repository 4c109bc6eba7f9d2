"""Options of the test run."""

from __future__ import annotations

from pathlib import Path

import pytest

RECORDINGS = Path(__file__).parent / "golden" / "recordings"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record",
        action="store_true",
        help="let the lab cases of the story refresh tests/golden/recordings; expected verdicts stay as they are",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that only record what other tests have proven already run with --record alone."""
    if not config.getoption("--record"):
        items[:] = [item for item in items if item.get_closest_marker("recording") is None]


@pytest.fixture
def recordings(request: pytest.FixtureRequest) -> Path | None:
    """The folder to record into, or None."""
    return RECORDINGS if request.config.getoption("--record") else None
