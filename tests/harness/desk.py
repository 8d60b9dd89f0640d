"""desk - the console as somebody has it before them: a browser's page, and what of it is looked at by tests."""
import atexit

from harness import browser
from harness.claim import Skip

NAMED = """
const hidden = (part) => part.closest('[hidden]') || part.getClientRects().length === 0;
return [...document.querySelectorAll('a, button, input, select')].filter((part) => !hidden(part))
"""


class Page(browser.Browser):
    """Who clicks looks first: what is being read anew takes no clicks."""

    @classmethod
    def opened(cls, folder):
        if not browser.is_there():
            raise Skip("chromedriver is not installed")
        page = cls(folder)
        atexit.register(page.close)
        return page

    def click(self, xpath):
        self.until(lambda: self.run("return document.getElementById('main').ariaBusy !== 'true'"), "a whole page")
        super().click(xpath)

    def room(self, port, path):
        """A page by its address."""
        self.go(f"http://127.0.0.1:{port}/console/#/{path}")

    def sign_in(self, token, sees):
        self.type("//input[@type='password']", token)
        self.press("Sign in")
        self.sees(sees, "main")

    def is_whole(self):
        self.until(lambda: self.run("const main = document.getElementById('main'); return main.ariaBusy !== 'true' "
                                    "&& main.querySelector('h1') !== null"), "a page that is whole")  # fmt: skip

    def parts(self):
        """What can be used, as (tag, name for who hears the page)."""
        found = self.run(NAMED)
        return [(self.run("return arguments[0].tagName", one).lower(), self.label(one)) for one in found]

    def label(self, element):
        return self.ask("GET", f"/element/{element[browser.ELEMENT]}/computedlabel")

    def devtools(self, command, **parameters):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def wide(self, pixels):
        self.devtools("Emulation.setDeviceMetricsOverride", width=pixels, height=900, deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def keys(self, text):
        """To whatever has the focus."""
        focused = self.ask("GET", "/element/active")[browser.ELEMENT]
        self.ask("POST", f"/element/{focused}/value", {"text": text})
