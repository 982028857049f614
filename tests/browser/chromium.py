"""A headless Chromium that is spoken to over a pipe (Chrome DevTools Protocol): the standard library is enough."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip


def executable() -> str | None:
    """Where Chromium is, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Chromium:
    """One page of one browser with an empty profile. Everything that the page asks the network for is kept in ``requests``."""

    def __init__(self, profile: Path, width: int = 1400, height: int = 1000) -> None:
        reads, self._out = os.pipe()
        self._in, writes = os.pipe()
        # Chromium speaks over the descriptors 3 and 4; a launcher moves the pipes there.
        launcher = (
            "import fcntl, os, sys; high = [fcntl.fcntl(int(a), fcntl.F_DUPFD, 64) for a in sys.argv[1:3]]; "
            "os.dup2(high[0], 3); os.dup2(high[1], 4); os.execv(sys.argv[3], sys.argv[3:])"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", launcher, str(reads), str(writes), str(executable()), *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(reads, writes),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(reads)
        os.close(writes)
        self._held = b""
        self._number = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def open(self, url: str, ready: str, within_s: float = 60) -> None:
        """Opens an address and waits until a JavaScript expression is true."""
        self.call("Page.navigate", url=url)
        self.wait(ready, within_s)

    def wait(self, ready: str, within_s: float = 60) -> None:
        deadline = time.monotonic() + within_s
        while not self.value(ready):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the page never became ready: {ready}; it shows {self.value('document.body.innerText')!r}")
            self._receive(0.2)

    def value(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def screenshot(self, path: Path) -> bytes:
        shot = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        path.write_bytes(shot)
        return shot

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": params} | ({"sessionId": self._session} if self._session else {})
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for answer in self._receive(1.0):
                if answer.get("id") == number:
                    if "error" in answer:
                        raise RuntimeError(f"{method}: {answer['error']['message']}")
                    return answer["result"]
        raise TimeoutError(f"{method}: no answer")

    def close(self) -> None:
        self._session = None
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            self.call("Browser.close")
        for pipe in (self._in, self._out):
            os.close(pipe)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _receive(self, wait_s: float) -> list[dict[str, Any]]:
        if select.select([self._in], [], [], wait_s)[0]:
            self._held += os.read(self._in, 1 << 20)
        *whole, self._held = self._held.split(b"\0")
        messages = [json.loads(m) for m in whole]
        for message in messages:
            self._note(message.get("method"), message.get("params", {}))
        return messages

    def _note(self, event: str | None, params: dict[str, Any]) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event == "Network.webSocketCreated":
            self.requests.append(params["url"])
        elif event == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])
        elif event == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"]["text"])
