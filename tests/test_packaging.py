"""The wheel works without the checkout, and what pyproject.toml declares is what the code needs and what is pinned."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
DECLARED = [
    Requirement(line) for line in [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.!+]+)")


def run(command: list[str], folder: Path) -> str:
    """Run a command with nothing of this checkout in its environment; return what it printed."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)], folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin/ of another environment: this wheel, and the libraries of this one, but not the checkout."""
    home = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "venv", "--without-pip", str(home)], home)
    install = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)]
    run([sys.executable, "-m", "pip", "--python", str(home / "bin/python"), *install], home)
    (site,) = home.glob("lib/python*/site-packages")
    # A .pth line puts the libraries behind the wheel and, unlike PYTHONPATH, leaves their own .pth files unread.
    libraries = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (site / "libraries.pth").write_text("".join(f"{path}\n" for path in libraries))
    return home / "bin"


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder; a linked folder is not entered."""
    found = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_the_wheel_holds_config_seeds_and_studies_byte_for_byte(wheel: Path) -> None:
    held = contents(wheel)
    conf, studies = files(ROOT / "conf"), files(ROOT / "experiments")
    assert {"run.yaml", "model/offline.yaml", "seeds/general.jsonl"} <= set(conf)
    assert "threshold_sweep.yaml" in studies
    expected = conf | {f"experiments/{name}": content for name, content in studies.items()}
    prefix = "selfinstruct/conf/"
    assert {name.removeprefix(prefix): held[name] for name in held if name.startswith(prefix)} == expected


def test_the_wheel_holds_every_file_once(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    studies = [name for name in names if name.endswith("/threshold_sweep.yaml")]
    assert studies == ["selfinstruct/conf/experiments/threshold_sweep.yaml"]
    assert len(names) == len(set(names))


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = set(contents(wheel))
    assert "selfinstruct/py.typed" in names
    code = {f"selfinstruct/{name}" for name in files(ROOT / "selfinstruct")}
    assert code <= names
    shipped = ("selfinstruct/conf/", "selfinstruct-")
    assert [name for name in names - code if not name.startswith(shipped)] == []


def test_an_installed_wheel_does_not_see_the_checkout(installed: Path, tmp_path: Path) -> None:
    script = "import selfinstruct, sys; print(selfinstruct.__file__); print(sys.path)"
    printed = run([str(installed / "python"), "-c", script], tmp_path)
    assert printed.startswith(str(installed.parent))
    assert f"'{ROOT}'" not in printed


def test_an_installed_wheel_prints_help_and_version(installed: Path, tmp_path: Path) -> None:
    assert "Usage: selfinstruct" in run([str(installed / "selfinstruct"), "--help"], tmp_path)
    assert run([str(installed / "selfinstruct"), "--version"], tmp_path) == f"selfinstruct {PROJECT['version']}\n"


def test_an_installed_wheel_composes_a_study(installed: Path, tmp_path: Path) -> None:
    command = [str(installed / "selfinstruct"), "run", "--cfg", "job", "experiments=threshold_sweep"]
    assert "study: threshold_sweep\n" in run(command, tmp_path)


def test_an_installed_wheel_runs_with_shipped_seeds_and_the_users_own_groups(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "mine/limits").mkdir(parents=True)
    (tmp_path / "mine/limits/slow.yaml").write_text("defaults: [default, _self_]\nmax_concurrency: 2\n")
    command = [str(installed / "selfinstruct"), "run", "--config-dir", "mine", "limits=slow", "generation.target=3"]
    run([*command, "tracking=off", "run_dir=out"], tmp_path)
    assert len((tmp_path / "out/instructions.jsonl").read_text().splitlines()) == 3
    assert "max_concurrency: 2" in (tmp_path / "out/config.yaml").read_text()
    assert str(ROOT) not in "".join(path.read_text() for path in (tmp_path / "out").glob("*.*"))


def pins(lines: list[str]) -> dict[str, Version]:
    """Return name -> version. Raises AssertionError for a line that is anything but `name==version`."""
    found = {}
    for line in lines:
        pin = PIN.fullmatch(line)
        assert pin, f"{line!r} is not name==version"
        found[str(canonicalize_name(pin["name"]))] = Version(pin["version"])
    return found


def test_the_exact_set_holds_names_and_versions_only_and_each_once() -> None:
    assert len(pins(CONSTRAINTS)) == len(CONSTRAINTS) > len(DECLARED)


@pytest.mark.parametrize(
    "line",
    ["a @ https://host/a.whl", "-e .", "--index-url https://host", "a>=1", "a==1 ; python_version>'3'", "", "# a==1"],
)
def test_anything_but_name_and_version_would_be_refused(line: str) -> None:
    with pytest.raises(AssertionError, match="is not name==version"):
        pins([line])


@pytest.mark.parametrize("requirement", DECLARED, ids=str)
def test_every_declared_range_contains_the_exact_version(requirement: Requirement) -> None:
    exact = pins(CONSTRAINTS).get(canonicalize_name(requirement.name))
    assert exact is not None, f"{requirement.name} has no line in constraints.txt"
    assert exact in requirement.specifier


def test_the_malicious_releases_are_outside_the_range() -> None:
    (litellm,) = [requirement for requirement in DECLARED if requirement.name == "litellm"]
    assert [v for v in ("1.82.6", "1.82.7", "1.82.8", "1.82.9") if v in litellm.specifier] == ["1.82.6", "1.82.9"]


def third_party_imports(sources: list[Path]) -> dict[str, str]:
    """Return every imported library, each with one file that imports it."""
    found = {}
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            else:
                continue
            for name in (name.partition(".")[0] for name in names):
                if name not in sys.stdlib_module_names | {"selfinstruct", "tests"}:
                    found[name] = str(path.relative_to(ROOT))
    return found


@cache
def distributions() -> Mapping[str, list[str]]:
    """Which distributions give which import name; reading all of them takes a second."""
    return packages_distributions()


def undeclared(imported: dict[str, str], declared: list[Requirement]) -> dict[str, str]:
    known = {canonicalize_name(requirement.name) for requirement in declared}
    owners = distributions()
    return {
        name: path
        for name, path in imported.items()
        if not known & {canonicalize_name(owner) for owner in owners.get(name, [name])}
    }


def test_every_library_that_the_package_imports_is_declared() -> None:
    imported = third_party_imports(sorted((ROOT / "selfinstruct").rglob("*.py")))
    assert {"hydra", "litellm", "jinja2"} <= set(imported)
    extras = [Requirement(line) for name, lines in EXTRAS.items() if name not in {"test", "bench"} for line in lines]
    declared = [Requirement(line) for line in PROJECT["dependencies"]]
    assert undeclared(imported, declared + extras) == {}


def test_every_library_that_the_tests_import_is_declared() -> None:
    assert undeclared(third_party_imports(sorted((ROOT / "tests").rglob("*.py"))), DECLARED) == {}


def test_an_undeclared_library_would_be_found() -> None:
    imported = {"yaml": "a.py", "numpy": "b.py"}
    assert undeclared(imported, [Requirement("numpy>=1"), Requirement("pyyaml>=6")]) == {}
    assert undeclared(imported, [Requirement("numpy>=1")]) == {"yaml": "a.py"}
