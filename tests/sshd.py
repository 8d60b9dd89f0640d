#!/usr/bin/env python3
"""A throw-away OpenSSH server for tests and the demonstration.

    tests/sshd.py [--root DIR] [--json FILE] [--host-keys ed25519,ecdsa,rsa] [--no-password]

Starts /usr/sbin/sshd with SFTP only, on a random free port of 127.0.0.1, from
the folder DIR (made when missing; without --root a temporary one), and says
everything a client needs as one JSON object: to FILE (written whole, then
renamed) or to standard output. It runs until standard input is closed or
SIGTERM or SIGINT comes, then takes everything away that it made. To keep it
running in the background, give it a standard input that stays open.

Works as root and as an ordinary user. Passwords need root: sshd then checks a
temporary user that is removed at the end. "password" is null otherwise, and
"password_missing_because" says why.

The JSON:
    host, port, pid, user             where to connect, the server's process, as whom
    root, files, home                 DIR; a folder to put files in; what /~/ means
    host_keys {type: fingerprint}     "SHA256:..." of each host key
    known_hosts {plain, hashed, only_ecdsa, wrong_key, other_host, revoked}
                                      files; all but the last three are right
    passphrase                        of every key whose name ends with -locked
    keys {name: file}                 authorized: ed25519, ecdsa, rsa; -openssh, -pem, -pkcs8; -locked
    stranger                          a good key that is not authorized
    agents {ed25519, rsa, empty}      sockets
    password {user, right, port}      port: of the server that asks by keyboard-interactive (PAM), or null
"""
import argparse
import getpass
import json
import os
import pwd
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin")
PASSPHRASE = "a phrase with blanks"


def run(*command, **more):
    """Runs a command that must succeed."""
    done = subprocess.run(command, stdin=more.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"sshd.py: {' '.join(command)}: {done.stdout.strip()}")
    return done.stdout


def keygen(path, kind, form="OPENSSH", passphrase=""):
    """One key pair. ssh-keygen writes new keys in one format only, so others are made by changing it afterwards."""
    size = {"rsa": ["-b", "2048"], "ecdsa": ["-b", "256"]}.get(kind, [])
    first = passphrase if form == "OPENSSH" else ""
    run("ssh-keygen", "-q", "-t", kind, *size, "-N", first, "-C", "test", "-f", path)
    if form != "OPENSSH":
        run("ssh-keygen", "-q", "-p", "-m", form, "-P", "", "-N", passphrase, "-f", path)
    return path


def fingerprint(public):
    return run("ssh-keygen", "-l", "-E", "sha256", "-f", public).split()[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Fixture:
    def __init__(self, arguments):
        self.arguments = arguments
        self.made_root = not arguments.root or not os.path.isdir(arguments.root)
        self.root = os.path.abspath(arguments.root or tempfile.mkdtemp(prefix="muster-sshd-"))
        self.children = []
        self.temporary_user = None
        self.is_root = os.geteuid() == 0

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def folders(self):
        os.makedirs(self.root, mode=0o755, exist_ok=True)
        os.chmod(self.root, 0o755)
        for name, mode in (("keys", 0o700), ("files", 0o755), ("home", 0o755)):
            os.makedirs(self.path(name), mode=mode, exist_ok=True)

    def make_host_keys(self):
        kinds = self.arguments.host_keys.split(",")
        self.host_keys = {kind: keygen(self.path("keys", f"host-{kind}"), kind) for kind in kinds}

    def make_user_keys(self):
        forms = {"ed25519": ["OPENSSH"], "ecdsa": ["OPENSSH", "PEM", "PKCS8"], "rsa": ["OPENSSH", "PEM", "PKCS8"]}
        self.keys = {}
        for kind, names in forms.items():
            for form in names:
                for locked in ("", "-locked"):
                    name = f"{kind}-{form.lower()}{locked}"
                    self.keys[name] = keygen(self.path("keys", name), kind, form, PASSPHRASE if locked else "")
        self.stranger = keygen(self.path("keys", "stranger"), "ed25519")
        with open(self.path("authorized"), "w") as out:
            for file in self.keys.values():
                with open(file + ".pub") as public:
                    out.write(public.read())
        os.chmod(self.path("authorized"), 0o644)

    def make_known_hosts(self, ports):
        def public(path):
            with open(path + ".pub") as file:
                return " ".join(file.read().split()[:2])

        def write(name, lines):
            with open(self.path(name), "w") as out:
                out.write("".join(line + "\n" for line in lines))
            return self.path(name)

        hosts = ",".join(f"[127.0.0.1]:{port}" for port in ports)
        good = [f"{hosts} {public(path)}" for path in self.host_keys.values()]
        stranger = keygen(self.path("keys", "other-host"), "ed25519")
        other_kinds = [f"{hosts} {public(keygen(self.path('keys', 'other-' + kind), kind))}"
                       for kind in ("ecdsa", "rsa")]
        noise = ["# a comment", "", "@cert-authority *.example ssh-ed25519 AAAA", "not a line at all",
                 "key.example sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAA"]
        files = {
            "plain": write("known_hosts", noise + good),
            "hashed": write("known_hosts.hashed", good),
            "wrong_key": write("known_hosts.wrong", [f"{hosts} {public(stranger)}"] + other_kinds),
            "other_host": write("known_hosts.other", [f"other.example {public(stranger)}"] +
                                [line.replace(hosts, "127.0.0.1,[127.0.0.1]:1") for line in good]),
            "revoked": write("known_hosts.revoked",
                             good + [f"@revoked * {public(path)}" for path in self.host_keys.values()]),
        }
        if "ecdsa" in self.host_keys:
            files["only_ecdsa"] = write("known_hosts.ecdsa", [f"{hosts} {public(self.host_keys['ecdsa'])}"])
        run("ssh-keygen", "-q", "-H", "-f", files["hashed"])
        os.unlink(files["hashed"] + ".old")
        return files

    def add_temporary_user(self):
        """A system user with a password, for as long as this runs. Returns (user, password) or a reason."""
        if self.arguments.no_password:
            return None, "--no-password was given"
        if not self.is_root:
            return None, "sshd checks passwords only when it runs as root"
        if not shutil.which("useradd") or not shutil.which("chpasswd"):
            return None, "useradd and chpasswd are missing"
        user, password = f"muster{os.getpid()}", secrets.token_urlsafe(12)
        for _ in range(20):
            done = subprocess.run(["useradd", "--system", "--no-create-home", "--home-dir", self.path("home"),
                                   "--shell", "/bin/sh", user],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 1:  # 1: somebody else is changing the password file
                break
            time.sleep(0.2)
        if done.returncode != 0:
            return None, f"useradd: {done.stdout.strip()}"
        self.temporary_user = user
        subprocess.run(["chpasswd"], input=f"{user}:{password}\n", text=True, check=True)
        os.chown(self.path("home"), pwd.getpwnam(user).pw_uid, -1)
        return (user, password), None

    def write_config(self, name, port, pam):
        lines = [
            "ListenAddress 127.0.0.1", f"Port {port}", f"PidFile {self.path(name + '.pid')}",
            f"AuthorizedKeysFile {self.path('authorized')}", "StrictModes no", "PermitRootLogin yes",
            "PubkeyAuthentication " + ("no" if pam else "yes"),
            "PasswordAuthentication " + ("yes" if self.temporary_user and not pam else "no"),
            "KbdInteractiveAuthentication " + ("yes" if pam else "no"), "UsePAM " + ("yes" if pam else "no"),
            "MaxStartups 200", "MaxSessions 100", "LogLevel VERBOSE", "UseDNS no", "PrintMotd no",
            f"Subsystem sftp internal-sftp -d {self.path('home')}",
            f"ForceCommand internal-sftp -d {self.path('home')}",
            "AllowTcpForwarding no", "X11Forwarding no",
        ] + [f"HostKey {path}" for path in self.host_keys.values()]
        path = self.path(name)
        for more in (["PerSourcePenalties no"], []):  # newer servers shut out who fails often; tests do
            with open(path, "w") as out:
                out.write("\n".join(lines + more) + "\n")
            if subprocess.run([SSHD, "-t", "-f", path], stderr=subprocess.DEVNULL).returncode == 0:
                return path
        sys.exit("sshd.py: " + run(SSHD, "-t", "-f", path))

    def spawn(self, command, **more):
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, **more)
        self.children.append(child)
        return child

    def start_sshd(self, name, pam=False):
        """Returns (process, port). A port that somebody else took in between is simply tried again."""
        if self.is_root:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # what the package makes at boot; gone with the next
        for _ in range(10):
            port = free_port()
            config = self.write_config(name, port, pam)
            log = open(self.path(name + ".log"), "ab")
            child = self.spawn([SSHD, "-D", "-e", "-f", config], stdout=log, stderr=log)
            log.close()
            for _ in range(200):
                if child.poll() is not None:
                    break
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
                        if probe.recv(4) == b"SSH-":
                            return child, port
                except OSError:
                    pass
                time.sleep(0.02)
        with open(self.path(name + ".log")) as file:
            sys.exit("sshd.py: sshd does not start: " + file.read()[-2000:])

    def start_agent(self, name, key=None):
        path = self.path(f"agent-{name}")
        self.spawn(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
        for _ in range(500):  # the socket is there a moment before it is listened to
            with socket.socket(socket.AF_UNIX) as agent:
                if agent.connect_ex(path) == 0:
                    break
            time.sleep(0.02)
        if key:
            run("ssh-add", "-q", key, env={**os.environ, "SSH_AUTH_SOCK": path})
        return path

    def start(self):
        self.folders()
        self.make_host_keys()
        self.make_user_keys()
        password, reason = self.add_temporary_user()
        main, port = self.start_sshd("sshd")
        pam_port = None
        if password and os.path.exists("/etc/pam.d/sshd"):
            pam_port = self.start_sshd("sshd-pam", pam=True)[1]
        return {
            "host": "127.0.0.1", "port": port, "pid": main.pid, "user": getpass.getuser(), "root": self.root,
            "files": self.path("files"), "home": self.path("home"),
            "host_keys": {kind: fingerprint(path + ".pub") for kind, path in self.host_keys.items()},
            "known_hosts": self.make_known_hosts([port] + ([pam_port] if pam_port else [])),
            "passphrase": PASSPHRASE, "keys": self.keys, "stranger": self.stranger,
            "agents": {"ed25519": self.start_agent("ed25519", self.keys["ed25519-openssh"]),
                       "rsa": self.start_agent("rsa", self.keys["rsa-openssh"]), "empty": self.start_agent("empty")},
            "password": {"user": password[0], "right": password[1], "port": pam_port} if password else None,
            "password_missing_because": reason,
        }

    def stop(self):
        for child in self.children:
            child.terminate()
        for child in self.children:
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self.temporary_user:
            for _ in range(20):
                done = subprocess.run(["userdel", "--force", self.temporary_user], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
                if done.returncode not in (1, 10):
                    break
                time.sleep(0.2)
        if self.made_root:
            shutil.rmtree(self.root, ignore_errors=True)
        if self.arguments.json and os.path.exists(self.arguments.json):
            os.unlink(self.arguments.json)


def say(document, path):
    text = json.dumps(document, indent=1) + "\n"
    if not path:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    with open(path + ".part", "w") as out:
        out.write(text)
    os.chmod(path + ".part", 0o600)
    os.rename(path + ".part", path)


def wait_for_end(wake):
    """Until standard input is closed or a signal has written to the pipe."""
    while True:
        ready, _, _ = select.select([sys.stdin, wake], [], [])
        if wake in ready or not os.read(sys.stdin.fileno(), 4096):
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", metavar="DIR")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--host-keys", default="ed25519,ecdsa,rsa", metavar="TYPES")
    parser.add_argument("--no-password", action="store_true", help="make no temporary user, even as root")
    arguments = parser.parse_args()
    if not SSHD or not shutil.which("ssh-keygen"):
        sys.exit("sshd.py: sshd or ssh-keygen is missing: install openssh-server and openssh-client")
    wake, wakes = os.pipe()

    def asked_to_stop(_signal, _frame):
        os.write(wakes, b"x")

    signal.signal(signal.SIGTERM, asked_to_stop)
    signal.signal(signal.SIGINT, asked_to_stop)
    fixture = Fixture(arguments)
    try:
        say(fixture.start(), arguments.json)
        wait_for_end(wake)
    finally:
        fixture.stop()


if __name__ == "__main__":
    main()
