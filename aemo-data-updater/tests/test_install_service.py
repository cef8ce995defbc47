"""``scripts/install_service.sh`` and its counterpart on a scratch folder: what they write, start and refuse.

The programs that would change this machine are stand-ins that write down how they were called.
"""

import contextlib
import fcntl
import os
import plistlib
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WAIT = 60
SERVICES = ("collector", "status", "dashboard")

# $KNOWN: a user that there is; $ACTIVE: services that run; $BROKEN: those that do not start
STAND_INS = {
    "systemctl": """
        [ "$1" = --version ] && { echo "systemd $SYSTEMD_VERSION ($SYSTEMD_VERSION-1)"; exit 0; }
        echo "systemctl $*" >>"$CALLS"
        [ "$1" = --user ] && { [ -z "${NO_USER_MANAGER:-}" ] || exit 1; shift; }
        case $1 in
          is-active) case " $ACTIVE " in *" $3 "*) exit 0 ;; *) exit 3 ;; esac ;;
          restart) case " $BROKEN " in *" $2 "*) exit 1 ;; esac ;;
        esac""",
    "useradd": 'echo "useradd $*" >>"$CALLS"',
    "chown": 'echo "chown $*" >>"$CALLS"',
    "runuser": """
        echo "runuser $*" >>"$CALLS"
        [ -z "${UNREADABLE:-}" ] || exit 1
        while [ "$1" != -- ]; do shift; done; shift; exec "$@" """,
    "launchctl": """
        echo "launchctl $*" >>"$CALLS"
        [ "$1" != print ]""",
    "loginctl": "echo Linger=no",
    "uname": 'echo "$SYSTEM"',
    "id": """
        case "$*" in
          -u) echo "$USER_ID" ;;
          -un) echo reader ;;
          "-u $KNOWN") echo 990 ;;
          "-gn $KNOWN") echo "$KNOWN" ;;
          *) exit 1 ;;
        esac""",
}


@dataclass
class Machine:
    """A scratch machine with a checkout, as one user of it sees it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.checkout, self.dest, self.home = self.root / "checkout", self.root / "dest", self.root / "home"
        for folder in ("scripts", "docs"):
            (self.checkout / folder).mkdir(parents=True)
        for package in ("aemo-data-updater", "aemo-energy-dashboard"):
            shutil.copytree(ROOT / package / "deploy", self.checkout / package / "deploy")
            (self.checkout / package / "src").mkdir()
        for name in ("install_service.sh", "uninstall_service.sh", "services.sh", "run.sh"):
            shutil.copy(ROOT / "scripts" / name, self.checkout / "scripts")
        shutil.copy(ROOT / ".env.example", self.checkout)
        (self.checkout / "docs" / "operations.md").write_text("")
        self._executable(self.checkout / "scripts/install.sh", 'echo "install.sh" >>"$CALLS"')
        self._executable(self.checkout / ".venv/bin/python", f'exec {sys.executable} "$@"')
        for name in ("aemo-updater", "aemo-dashboard"):
            self._executable(self.checkout / ".venv/bin" / name, "")
        for name, text in STAND_INS.items():
            self._executable(self.root / "bin" / name, text)
        (self.dest / "run/systemd/system").mkdir(parents=True)
        self.home.mkdir()
        self.environment |= {
            "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
            "CALLS": str(self.root / "calls"),
            "DESTDIR": str(self.dest),
            "HOME": str(self.home),
            "SYSTEM": "Linux",
            "USER_ID": "0",
            "SYSTEMD_VERSION": "257",
            "KNOWN": "nem",
            "ACTIVE": "",
            "BROKEN": "",
        }

    def _executable(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{text}\n")
        path.chmod(0o755)

    def do(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the checkout, from elsewhere."""
        (self.root / "calls").write_text("")
        command = ["bash", str(self.checkout / "scripts" / script), *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=self.root, capture_output=True, text=True, timeout=WAIT, check=False
        )

    def install(self, *arguments: str) -> str:
        """Install, which has to succeed; what it said."""
        done = self.do("install_service.sh", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self, *arguments: str) -> str:
        """Install, which has to be refused without any change; the sentence."""
        before = self.tree()
        done = self.do("install_service.sh", *arguments)
        assert done.returncode == 2, done.stdout + done.stderr
        assert self.tree() == before
        assert not [
            call for call in self.calls if call.startswith(("useradd", "chown", "install.sh", "launchctl boot"))
        ]
        assert len(done.stderr.splitlines()) == 1
        return done.stderr

    @property
    def calls(self) -> list[str]:
        return (self.root / "calls").read_text().splitlines()

    def called(self, program: str) -> list[str]:
        return [call for call in self.calls if call.startswith(program) and "is-active" not in call]

    def tree(self) -> dict[str, bytes]:
        """Every file that there is, but for the stand-ins' notes."""
        files = [path for path in self.root.rglob("*") if path.is_file() and path.name != "calls"]
        return {str(path): path.read_bytes() for path in files}

    def unit(self, name: str) -> dict[str, str]:
        """A unit's settings; of one that is there twice, all values."""
        text = (self.dest / f"etc/systemd/system/nem-{name}.service").read_text()
        return settings_of(text)


def settings_of(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, is_one, value = line.partition("=")
        if is_one and not line.startswith("#"):
            found[name] = f"{found[name]} {value}" if name in found else value
    return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def ordinary(machine: Machine) -> Machine:
    machine.environment |= {"USER_ID": "1000", "DESTDIR": ""}
    return machine


@pytest.fixture
def mac(ordinary: Machine) -> Machine:
    ordinary.environment["SYSTEM"] = "Darwin"
    return ordinary


# --- as root --------------------------------------------------------------------------------------------------------


def test_services_of_the_system(machine: Machine) -> None:
    machine.environment["KNOWN"] = "nobody"
    machine.install()
    checkout = machine.checkout
    collector, status, dashboard = map(machine.unit, SERVICES)
    assert collector["ExecStart"] == f"{checkout}/.venv/bin/aemo-updater run"
    assert status["ExecStart"] == f"{checkout}/.venv/bin/aemo-updater ui"
    assert dashboard["ExecStart"] == f"{checkout}/.venv/bin/aemo-dashboard serve"
    for unit in (collector, status, dashboard):
        assert unit["User"] == "nem"
        assert unit["WorkingDirectory"] == "/etc/nem-energy"
        assert unit["Environment"].startswith("SHARED_DATA_DIR=/var/lib/nem-energy LOG_DIR=/var/log/nem-energy")
        assert (unit["Restart"], unit["RestartPreventExitStatus"]) == ("always", "2")
        assert (unit["ProtectSystem"], unit["CapabilityBoundingSet"]) == ("strict", "")
        assert not [value for value in unit.values() if "@" in value.replace("@system-service", "").split("~")[0]]
    assert collector["ReadWritePaths"] == "/var/lib/nem-energy /var/log/nem-energy"
    assert (status["ReadOnlyPaths"], status["ReadWritePaths"]) == ("/var/lib/nem-energy", "/var/log/nem-energy")
    assert dashboard["ReadWritePaths"] == "/var/log/nem-energy /var/cache/nem-energy"
    assert (collector["Type"], collector["WatchdogSec"]) == ("notify", "5min")
    assert machine.called("useradd") == [
        "useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin nem"
    ]
    assert machine.called("systemctl")[-7:] == [
        "systemctl enable --quiet nem-dashboard",
        *(f"systemctl {verb} nem-{name}" for name in SERVICES for verb in ("reset-failed", "restart")),
    ]
    for folder in ("var/lib/nem-energy", "var/log/nem-energy", "var/cache/nem-energy", "etc/nem-energy"):
        owner = "root:nem" if folder.startswith("etc") else "nem:nem"
        assert f"chown {owner} {machine.dest / folder}" in machine.calls
        assert (machine.dest / folder).stat().st_mode & 0o777 == 0o750


def test_the_settings_are_for_root_and_the_services_alone(machine: Machine) -> None:
    (machine.checkout / ".env").write_text("TWILIO_AUTH_TOKEN=secret\nLOG_DIR=logs\nSHARED_DATA_DIR=/srv/nem/data\n")
    said = machine.install()
    dotenv = machine.dest / "etc/nem-energy/.env"
    assert dotenv.read_text().splitlines()[1:] == [
        "SHARED_DATA_DIR=/srv/nem/data",
        "LOG_DIR=/var/log/nem-energy",  # the other one was of a folder in the checkout
        "TWILIO_AUTH_TOKEN=secret",
    ]
    assert dotenv.stat().st_mode & 0o777 == 0o640
    assert f"chown root:nem {dotenv}.new" in machine.calls
    assert "secret" not in said + "".join(machine.calls)
    for name in SERVICES:
        assert "secret" not in str(machine.unit(name))
    assert machine.unit("collector")["ReadWritePaths"].startswith("/srv/nem/data ")


def test_again_is_an_upgrade(machine: Machine) -> None:
    machine.install("--data", "/srv/data", "--logs", "/srv/logs", "--user", "nem", "--only", "collector,dashboard")
    dotenv = machine.dest / "etc/nem-energy/.env"
    dotenv.write_text(dotenv.read_text() + "HIGH_PRICE_THRESHOLD=500\n")
    unit = machine.dest / "etc/systemd/system/nem-collector.service"
    unit.write_text(unit.read_text().replace("RestartSec=10s", "RestartSec=1s").replace("User=nem", "User=somebody"))
    (machine.dest / "etc/systemd/system/nem-dashboard.service").unlink()
    before = machine.tree()
    machine.environment |= {"ACTIVE": "nem-collector", "KNOWN": "somebody"}
    machine.install()
    after = machine.tree()
    assert machine.unit("collector")["RestartSec"] == "10s"
    assert machine.unit("collector")["User"] == "somebody"
    assert {path for path in after if after[path] != before.get(path)} == {str(unit)}
    assert machine.called("systemctl restart") == ["systemctl restart nem-collector"]  # what is installed, no more
    machine.install()
    assert machine.tree() == after


def test_it_starts_nothing_where_it_is_told_so(machine: Machine) -> None:
    machine.install("--no-start")
    assert machine.called("systemctl restart") == []
    assert len(machine.called("systemctl enable")) == 3


def test_a_dry_run_says_all_and_does_nothing(machine: Machine) -> None:
    (machine.checkout / ".env").write_text("TWILIO_AUTH_TOKEN=secret\n")
    before = machine.tree()
    said = machine.install("--dry-run", "--data", "/srv/data", "--user", "other")
    assert machine.tree() == before
    assert machine.called("useradd") + machine.called("chown") + machine.called("systemctl") == []
    for line in (
        "would run: useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin other",
        f"would write {machine.dest}/etc/systemd/system/nem-status.service:",
        "  | ReadWritePaths=/srv/data /var/log/nem-energy",
        "would run: systemctl restart nem-dashboard",
    ):
        assert line in said.splitlines()
    assert "secret" not in said


@pytest.mark.parametrize(
    ("version", "steps"), [("239", False), ("252", False), ("253", False), ("254", True), ("257", True)]
)
def test_an_older_systemd_gets_what_it_knows(machine: Machine, version: str, steps: bool) -> None:
    machine.environment["SYSTEMD_VERSION"] = version
    machine.install()
    assert ("RestartSteps" in machine.unit("collector")) is steps
    assert ("RestartMaxDelaySec" in machine.unit("collector")) is steps


def test_what_does_not_start_is_named(machine: Machine) -> None:
    machine.environment["BROKEN"] = "nem-status"
    done = machine.do("install_service.sh")
    assert done.returncode == 1
    assert done.stderr.strip().endswith("did not start: nem-status")
    assert "systemctl restart nem-dashboard" in machine.calls


def test_data_in_the_checkout_is_pointed_at(machine: Machine) -> None:
    part = machine.checkout / "shared-data/prices5.parquet/2026-08.parquet"
    part.parent.mkdir(parents=True)
    part.write_text("")
    assert f"There is data in {machine.checkout}/shared-data, which these services do not use" in machine.install()
    assert "There is data" not in machine.install("--data", f"{machine.checkout}/shared-data")


# --- as systemd reads it --------------------------------------------------------------------------------------------


@pytest.fixture
def written(machine: Machine) -> list[Path]:
    """The units as the installer writes them for the systemd of this machine."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed, so nobody says whether these units are right")
    said = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True).stdout
    machine.environment["SYSTEMD_VERSION"] = said.split()[1]
    machine.install()
    return [machine.dest / f"etc/systemd/system/nem-{name}.service" for name in SERVICES]


def test_systemd_accepts_the_units(written: list[Path]) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, written)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_units_are_hardened(written: list[Path]) -> None:
    """An exposure of 2.0 of 10 at most, by systemd's own reckoning; without a sandbox it is 9.2."""
    for unit in written:
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(unit)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-200:] + done.stderr


# --- as an ordinary user --------------------------------------------------------------------------------------------


def test_services_of_a_user(ordinary: Machine) -> None:
    said = ordinary.install("--only", "collector,dashboard")
    assert "sudo loginctl enable-linger reader" in said
    folder = ordinary.home / ".config/systemd/user"
    assert sorted(path.name for path in folder.iterdir()) == ["nem-collector.service", "nem-dashboard.service"]
    for path in folder.iterdir():
        unit = settings_of(path.read_text())
        assert unit["WantedBy"] == "default.target"
        assert unit["NoNewPrivileges"] == "yes"
        assert unit["Environment"].startswith(f"SHARED_DATA_DIR={ordinary.checkout}/shared-data ")
        # its manager may do none of these, or does not know them
        alone = {"User", "CapabilityBoundingSet", "ProtectSystem", "ReadWritePaths", "PrivateTmp", "Wants"}
        assert not alone & set(unit)
        assert "network" not in unit.get("After", "")
    dotenv = ordinary.home / ".config/nem-energy/.env"
    assert dotenv.stat().st_mode & 0o777 == 0o600
    assert f"LOG_DIR={ordinary.home}/.local/state/nem-energy" in dotenv.read_text().splitlines()
    assert "systemctl --user restart nem-collector" in ordinary.calls
    assert ordinary.called("useradd") + ordinary.called("chown") == []


# --- on macOS -------------------------------------------------------------------------------------------------------

LAUNCHD: Mapping[str, type] = {  # launchd.plist(5)
    "Label": str,
    "ProgramArguments": list,
    "WorkingDirectory": str,
    "EnvironmentVariables": dict,
    "RunAtLoad": bool,
    "KeepAlive": bool,
    "ThrottleInterval": int,
    "ExitTimeOut": int,
    "ProcessType": str,
    "Umask": int,
    "SoftResourceLimits": dict,
    "StandardOutPath": str,
    "StandardErrorPath": str,
}


def test_agents_of_launchd(mac: Machine) -> None:
    mac.install()
    for name, command in zip(SERVICES, ("aemo-updater run", "aemo-updater ui", "aemo-dashboard serve"), strict=True):
        path = mac.home / f"Library/LaunchAgents/org.nem-energy.{name}.plist"
        plist = plistlib.loads(path.read_bytes())
        assert {key: type(value) for key, value in plist.items()} == dict(LAUNCHD)
        assert plist["Label"] == path.stem
        assert plist["ProgramArguments"] == f"{mac.checkout}/.venv/bin/{command}".split()
        assert plist["KeepAlive"] is plist["RunAtLoad"] is True
        assert plist["ProcessType"] in ("Background", "Standard")
        assert plist["Umask"] == 0o027
        assert plist["SoftResourceLimits"] == {"NumberOfFiles": 4096}
        assert all(type(value) is str for value in plist["EnvironmentVariables"].values())
        assert plist["EnvironmentVariables"]["LOG_DIR"] == f"{mac.home}/Library/Logs/nem-energy"
        assert plist["WorkingDirectory"] == f"{mac.home}/.config/nem-energy"
        assert "@" not in path.read_text()
        assert [call for call in mac.calls if path.stem in call and "print" not in call] == [
            f"launchctl bootout gui/1000/{path.stem}",
            f"launchctl bootstrap gui/1000 {path}",
        ]
    assert mac.called("systemctl") == []


# --- what is refused ------------------------------------------------------------------------------------------------


def test_without_systemd(machine: Machine) -> None:
    shutil.rmtree(machine.dest / "run")
    assert "systemd does not run this machine" in machine.refused()


def test_without_the_users_manager(ordinary: Machine) -> None:
    ordinary.environment["NO_USER_MANAGER"] = "1"
    assert "systemctl --user does not answer" in ordinary.refused()


def test_an_ordinary_user_installs_for_nobody_else(ordinary: Machine) -> None:
    assert "--user nem: only root can" in ordinary.refused("--user", "nem")


def test_a_checkout_that_the_services_cannot_read(machine: Machine) -> None:
    machine.environment["UNREADABLE"] = "1"
    assert f"{machine.checkout} cannot be read by the user nem of the services" in machine.refused()


def test_a_python_that_the_services_cannot_run(machine: Machine) -> None:
    (machine.checkout / ".venv/bin/aemo-updater").write_text("#!/nowhere/python\n")
    assert "aemo-updater does not run as the user nem" in machine.refused()


@contextlib.contextmanager
def taken(setting: str, machine: Machine) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
        (machine.checkout / ".env").write_text(f'{setting}="{port}"\n')
        yield port


@pytest.mark.parametrize(
    ("setting", "name"), [("DASHBOARD_PORT", "dashboard"), ("STATUS_UI_PORT", "status")], ids=["dashboard", "status"]
)
def test_a_port_that_is_taken(machine: Machine, setting: str, name: str) -> None:
    with taken(setting, machine) as port:
        assert f"port {port} is taken by another program" in machine.refused("--only", name)
        machine.environment["ACTIVE"] = f"nem-{name}"  # by itself
        machine.install("--only", name)


def test_a_collector_that_runs_by_hand(machine: Machine) -> None:
    data = machine.dest / "srv/data"
    data.mkdir(parents=True)
    with (data / "collector.lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "a collector (process 4711) works on /srv/data already" in machine.refused("--data", "/srv/data")
        machine.environment["ACTIVE"] = "nem-collector"
        machine.install("--data", "/srv/data")
    machine.environment["ACTIVE"] = ""
    machine.install("--data", "/srv/data")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--only", "collector,alerts"), "there is no service alerts; there are collector, status, dashboard"),
        (("--data",), "--data needs a value"),
        (("--data", "/srv/a b"), "cannot stand in a unit"),
        (("--data", "/srv/100%"), "cannot stand in a unit"),
        (("--data", "/srv/../etc"), "a path with .. in it is not taken"),
        (("--data", "/srv/x", "--logs", "/srv/x"), "have to be two folders"),
        (("--logs", "/etc/file"), "/etc/file is a file, not a folder"),
        (("--data", "/"), "/: this is no path of a folder for the services alone"),
        (("--data", "/srv//x"), "this is no path of a folder"),
        (("--data", "/srv/./x"), "this is no path of a folder"),
        (("--data", "/tmp/nem"), "/tmp/nem: what lies there is each service's own"),
        (("--logs", "/run/nem"), "lost with the machine's next start"),
    ],
)
def test_bad_arguments(machine: Machine, arguments: tuple[str, ...], sentence: str) -> None:
    (machine.dest / "etc").mkdir()
    (machine.dest / "etc/file").write_text("")
    assert sentence in machine.refused(*arguments)


def test_data_that_is_there_before_its_user(machine: Machine) -> None:
    (machine.dest / "srv/data").mkdir(parents=True)
    (machine.dest / "srv/data/datapackage.json").write_text("{}")
    machine.environment["KNOWN"] = ""
    assert "then chown -R nem: /srv/data" in machine.refused("--data", "/srv/data")
    machine.install("--data", "/srv/data", "--no-start")


def test_an_unknown_option_is_answered_with_the_usage(machine: Machine) -> None:
    done = machine.do("install_service.sh", "--now")
    assert done.returncode == 2
    assert "what is --now?" in done.stderr
    assert "--no-start   writes everything" in done.stderr
    assert machine.do("install_service.sh", "--help").stdout.startswith("Installs the collector")


# --- the way back ---------------------------------------------------------------------------------------------------


def test_what_was_installed_is_removed_and_the_data_stays(machine: Machine) -> None:
    machine.install("--data", "/srv/data")
    machine.environment["ACTIVE"] = "nem-collector nem-status nem-dashboard"
    assert machine.do("uninstall_service.sh", "--dry-run").stdout.count("would run: systemctl disable") == 3
    assert len(list((machine.dest / "etc/systemd/system").iterdir())) == 3
    said = machine.do("uninstall_service.sh", "--only", "status").stdout
    assert "Removed: status." in said
    said = machine.do("uninstall_service.sh").stdout
    assert [line.split() for line in said.splitlines()] == [
        ["Removed:", "collector", "dashboard.", "What", "stays:"],
        ["Settings:", "/etc/nem-energy/.env"],
        ["Data:", "/srv/data"],
        ["Logs:", "/var/log/nem-energy"],
    ]
    assert machine.called("systemctl") == [
        "systemctl disable --quiet --now nem-collector",
        "systemctl disable --quiet --now nem-dashboard",
        "systemctl daemon-reload",
    ]
    assert list((machine.dest / "etc/systemd/system").iterdir()) == []
    assert (machine.dest / "etc/nem-energy/.env").exists()
    assert (machine.dest / "srv/data").is_dir()
    assert "None of these services is installed" in machine.do("uninstall_service.sh").stdout


def test_agents_are_removed(mac: Machine) -> None:
    mac.install("--only", "dashboard")
    mac.do("uninstall_service.sh")
    assert mac.called("launchctl") == ["launchctl bootout gui/1000/org.nem-energy.dashboard"]
    assert list((mac.home / "Library/LaunchAgents").iterdir()) == []


def test_the_scripts_are_as_shellcheck_wants_them() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    scripts = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "scripts").glob("*.sh"))]
    done = subprocess.run(["shellcheck", "-x", *scripts], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
