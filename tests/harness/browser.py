"""browser - a real browser, driven over the WebDriver protocol (W3C) with the standard library alone."""
import base64
import http.client
import json
import re
import shutil
import subprocess
import time

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element in a reply, by the standard
WAIT = 20  # s for anything to appear
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1300,900"]


def is_there():
    return bool(shutil.which("chromedriver"))


class Refused(Exception):
    """The browser could not do what was asked."""


class Browser:
    """One window of Chromium, without a screen; what it needs lies in `folder`."""

    def __init__(self, folder, preferences=None):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       text=True)
        said = ""
        while not (port := re.search(r"successfully on port (\d+)", said)):
            line = self.driver.stdout.readline()
            if not line:
                raise Refused(f"chromedriver ended: {said}")
            said += line
        self.port = int(port.group(1))
        chrome = {"args": [*OPTIONS, f"--user-data-dir={folder}/browser"], "prefs": preferences or {}}
        capabilities = {"browserName": "chrome", "goog:chromeOptions": chrome, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = ""
        self.session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})["sessionId"]

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        prefix = f"/session/{self.session}" if self.session else ""
        connection.request(method, prefix + path, json.dumps(body) if method == "POST" else None)
        said = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(said, dict) and "error" in said:
            raise Refused(f"{said['error']}: {said['message']}")
        return said

    def close(self):
        try:
            self.ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()

    def go(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def text(self, css="body"):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", css)

    def until(self, condition, what):
        """What the condition gives once it gives something; it may fail while the page changes."""
        end, last = time.monotonic() + WAIT, None
        while time.monotonic() < end:
            try:
                if found := condition():
                    return found
            except Refused as refused:
                last = refused
            time.sleep(0.05)
        raise AssertionError(f"{what}: never seen. {last or ''}\n{self.text()}")

    def sees(self, text, css="body"):
        return self.until(lambda: text in self.text(css), f"'{text}' in {css}")

    def element(self, xpath):
        found = self.ask("POST", "/element", {"using": "xpath", "value": xpath})
        return f"/element/{found[ELEMENT]}"

    def click(self, xpath):
        """Waits until it is there and can be clicked."""
        def once():
            self.ask("POST", self.element(xpath) + "/click", {})
            return True
        self.until(once, f"a click on {xpath}")

    def press(self, title, within=""):
        """The button with exactly this text."""
        self.click(f'{within}//button[normalize-space()="{title}"]')

    def follow(self, title):
        self.click(f'//a[normalize-space()="{title}"]')

    def type(self, xpath, text):
        element = self.until(lambda: self.element(xpath), f"a field {xpath}")
        self.ask("POST", element + "/clear", {})
        self.ask("POST", element + "/value", {"text": text})

    def complaints(self):
        """What the console of the browser says that is no answer of ours that was expected."""
        return [line["message"] for line in self.ask("POST", "/se/log", {"type": "browser"})
                if line["level"] == "SEVERE"]

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))
