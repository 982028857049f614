"""A warehouse, a server on a loopback port, and a headless Chromium."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import chromium
import pytest

from app.look import serve_command

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def tiny_module():
    spec = importlib.util.spec_from_file_location("tiny_warehouse_for_browser", HERE.parent / "app" / "tiny_warehouse.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def server(tiny_module, tmp_path_factory):
    """Address of the pages over a warehouse of a dozen documents."""
    if chromium.executable() is None:
        pytest.skip("browser: Chromium is not installed")
    warehouse = tiny_module.build(tmp_path_factory.mktemp("served") / "warehouse")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "ASSAY_WAREHOUSE": str(warehouse.root), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(serve_command(port), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said = "".join(iter(partial(until_ready, process.stdout), ""))
        assert process.poll() is None, said
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture
def browser(tmp_path):
    """A browser with an empty profile."""
    if chromium.executable() is None:
        pytest.skip("browser: Chromium is not installed")
    opened = chromium.Chromium(tmp_path / "profile")
    yield opened
    opened.close()


def until_ready(output):
    """A line of the server's output; an empty one when it serves, or has ended."""
    line = output.readline()
    return "" if "URL:" in line else line
