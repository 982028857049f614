"""How the pages look, and how they are served: on this machine only, telling nobody."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HOME: Final = Path(__file__).parent / "pages" / "Home.py"
KEPT, DROPPED, ASIDE, MARK, FAINT = "#2c7a7b", "#d2693c", "#8d96a3", "#b7791f", "#cbd5e0"
FATE_COLOURS: Final = {"kept": KEPT, "dropped": DROPPED, "quarantined": ASIDE, "undecided": FAINT}
SUBSET_COLOURS: Final = {"all": "#334155", "clean": KEPT, "contaminated": DROPPED, "inexact": MARK, "unchecked": ASIDE}
_OPTIONS: Final[Mapping[str, str]] = {
    "server.address": "127.0.0.1",
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "1",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "theme.base": "light",
    "theme.primaryColor": KEPT,
    "theme.backgroundColor": "#ffffff",
    "theme.secondaryBackgroundColor": "#f4f6f8",
    "theme.textColor": "#1f2933",
    "theme.baseRadius": "6px",
}
# A constant: no value of any table is ever put into markup. Pieces of a text stand flush, so that three blocks read as one passage.
STYLE: Final = """<style>
[data-testid="stMainBlockContainer"] {padding-top: 3rem; max-width: 78rem;}
[data-testid="stMetricLabel"] p {white-space: normal;}
[class*="st-key-journey"] {gap: .3rem !important;}
[data-testid="stMetricValue"] {font-variant-numeric: tabular-nums;}
[class*="st-key-passage"] {gap: 0 !important;}
[class*="st-key-passage"] pre {border-radius: 0; margin: 0; padding-top: .55rem; padding-bottom: .55rem;}
[class*="st-key-match"] pre {background: #fdf0d5 !important; border-left: 4px solid #b7791f;}
[class*="st-key-match"] code {font-weight: 600;}
</style>"""


def serve_command(port: int) -> list[str]:
    """The arguments that start the pages on a port of this machine; the warehouse is taken from ASSAY_WAREHOUSE or ./warehouse."""
    options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
    return [sys.executable, "-m", "streamlit", "run", str(HOME), f"--server.port={port}", *options]
