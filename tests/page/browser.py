"""browser.py - headless Chromium, driven over its debugging pipe; needs nothing but Python

Everything that a page says or asks for is kept: console messages, exceptions,
what the browser itself logs, and requests.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time


class BrowserError(Exception):
    pass


def find():
    return (
        os.environ.get("CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )


class Browser:
    def __init__(self, program, timeout=120):
        self.folder = tempfile.mkdtemp(prefix="dirsync-page-browser.")
        to_read, self.to_write = os.pipe()
        self.to_read, to_write = os.pipe()
        # It reads commands from descriptor 3 and answers on 4.
        spare = max(to_read, to_write) + 10
        os.dup2(to_read, spare), os.dup2(to_write, spare + 1)
        self.process = subprocess.Popen(
            [
                "bash",
                "-c",
                f'exec 3<&{spare} 4>&{spare + 1} {spare}<&- {spare + 1}>&-; exec "$@"',
                "bash",
                program,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-extensions",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-breakpad",
                "--disable-crash-reporter",
                "--remote-debugging-pipe",
                f"--user-data-dir={self.folder}",
                "about:blank",
            ],
            pass_fds=[spare, spare + 1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for descriptor in (to_read, to_write, spare, spare + 1):
            os.close(descriptor)
        self.timeout, self.number, self.session, self.rest = timeout, 0, None, b""
        self.messages, self.requests, self.loaded = [], [], 0
        signal.signal(signal.SIGALRM, self._late)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    @staticmethod
    def _late(*_):
        raise BrowserError("the browser does not answer")

    def close(self):
        for descriptor in (self.to_write, self.to_read):
            os.close(descriptor)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        # Its helpers may outlive it for a moment and write to the folder. The group is its own: nobody else is in it.
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for _ in range(50):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not os.path.exists(self.folder):
                break
            time.sleep(0.1)

    def _next(self):
        while b"\0" not in self.rest:
            more = os.read(self.to_read, 1 << 20)
            if not more:
                raise BrowserError("the browser has ended")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def _event(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.messages.append(
                f"console.{params['type']}: "
                + " ".join(str(a.get("value", a.get("description"))) for a in params["args"])
            )
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.messages.append(
                "exception: " + details.get("exception", {}).get("description", details["text"])
            )
        elif method == "Log.entryAdded":
            self.messages.append(f"{params['entry']['level']}: {params['entry']['text']}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Page.loadEventFired":
            self.loaded += 1

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        signal.alarm(self.timeout)
        try:
            data = json.dumps(message).encode() + b"\0"
            while data:
                data = data[os.write(self.to_write, data) :]
            while True:
                answer = self._next()
                if answer.get("id") != self.number:
                    self._event(answer)
                elif "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                else:
                    return answer["result"]
        finally:
            signal.alarm(0)

    def wait(self, expression):
        """Until the expression, which may be a promise, is there; asked by the page itself, not by a clock of ours."""
        return self.run(
            f"""new Promise((done) => {{
            const look = () => {{ const found = {expression}; found ? done(found) : requestAnimationFrame(look); }}; look(); }})"""
        )

    def run(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserError(
                answer["exceptionDetails"].get("exception", {}).get("description", "exception")
            )
        return answer["result"].get("value")

    def open(self, url):
        self.messages, self.requests = [], []
        loaded = self.loaded
        self.call("Page.navigate", url=url)
        while self.loaded == loaded:
            signal.alarm(self.timeout)
            self._event(self._next())
        signal.alarm(0)

    def size(self, width, height, phone=False):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def scripts(self, allowed):
        self.call("Emulation.setScriptExecutionDisabled", value=not allowed)

    def screenshot(self, path, whole=False):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def pdf(self, path):
        answer = self.call(
            "Page.printToPDF", printBackground=True, preferCSSPageSize=True, transferMode="ReturnAsStream"
        )
        with open(path, "wb") as file:
            while True:
                part = self.call("IO.read", handle=answer["stream"])
                file.write(
                    base64.b64decode(part["data"]) if part.get("base64Encoded") else part["data"].encode()
                )
                if part["eof"]:
                    break
