"""Fixtures and rules that the whole suite shares."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import hypothesis
import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
SKIPS = frozenset(
    line for line in (Path(__file__).parent / "skips.txt").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
)
LONGEST = ("airflow", "spark", "browser", "slow")  # they go first, so that no worker is left alone with one at the end

# The same examples every time; a busy machine is no reason to fail.
hypothesis.settings.register_profile("house", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real corpora and benchmarks beside the checkout; a test that needs it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("shared: the folder of corpora beside the checkout is absent")
    return SHARED


@pytest.fixture(autouse=True, scope="session")
def _no_network():
    """No test of this process reaches another machine."""
    real = socket.socket.connect

    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            raise OSError(f"tests use no network: {address[0]}")
        return real(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


def _is_local(host) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def pytest_collection_modifyitems(items) -> None:
    items.sort(key=lambda item: min(n for n, name in enumerate([*LONGEST, None]) if name is None or item.get_closest_marker(name)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if not hasattr(report, "wasxfail"):
        _refuse_unlisted(report, item.nodeid)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    _refuse_unlisted(report, collector.nodeid)
    return report


def _refuse_unlisted(report, where) -> None:
    if report.skipped:
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason not in SKIPS:
            report.outcome = "failed"
            report.longrepr = f"{where}: skipped because {reason!r}, which tests/skips.txt does not list"
