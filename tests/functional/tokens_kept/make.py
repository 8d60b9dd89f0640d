"""make - what the world outside does."""
import re
import urllib.request


def revoke():
    """The system forgets all tokens that it gave."""
    with open("organizations/acme.yaml", encoding="utf-8") as file:
        url = re.search(r'base_url: "(.*?)"', file.read())[1]
    urllib.request.urlopen(url + "/revoke").close()
