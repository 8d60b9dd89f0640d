import os
import pty
import sys


def log_in(name):
    """`muster action acme pmt login` on a terminal, with what is typed there; PMT's lists do not tell user names."""
    child, terminal = pty.fork()
    if child == 0:
        words = ["login", f"person={name}@acme.example", f"username={name}"]
        os.execvp("muster", ["muster", "action", "acme", "pmt", *words])
    said, typed = b"", False
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        said += piece
        if not typed and b"password" in said:
            os.write(terminal, f"welkom-{name}\n".encode())
            typed = True
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(said.decode().replace("\r", "").strip())
    sys.exit(status)


def ann():
    log_in("ann")


def bob():
    log_in("bob")


def cas():
    log_in("cas")
