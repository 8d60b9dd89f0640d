"""normal - the one place where what differs from run to run is made the same: folders, durations, ports, digests."""
import re

RULES = [
    (re.compile(r'("seconds": ?)[0-9.e-]+'), r"\1SECONDS"),
    (re.compile(r'("ms": ?)[0-9]+'), r"\1SECONDS"),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s)\b(?! ago)"), "SECONDS"),
    (re.compile(r"(127\.0\.0\.1|localhost)(:| port )\d{4,5}"), r"\1\2PORT"),
    (re.compile(r"\b(pid|process) \d+"), r"\1 PID"),
    (re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?"), "SHA256:KEY"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r"\baccepted by \S+ on "), "accepted by USER on "),
    (re.compile(r"^(  [a-z-]+ by )\S+: ", re.MULTILINE), r"\1USER: "),
    (re.compile(r'("(?:author|withdrawn_by)": ?)"[^"]*"'), r'\1"USER"'),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
]


def normal(text, folders):
    """`folders`: (path, word) pairs, longest first wins."""
    for path, word in sorted(folders, key=lambda pair: -len(str(pair[0]))):
        text = text.replace(str(path), word)
    for pattern, word in RULES:
        text = pattern.sub(word, text)
    return text
