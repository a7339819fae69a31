"""The codebase's own promises: imports point down, heavy libraries stay where they belong."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "selfinstruct"

LAYERS = {
    0: {"errors", "records", "text", "randomness", "jsonl", "versions", "secrecy", "pipes", "stopping"},
    1: {"seeds", "prompts", "templating", "parsing", "novelty", "filters"},
    2: {"models", "runs"},
    3: {"stages", "tally"},
    4: {"pipeline", "refilter", "forecast", "finetune", "evaluation"},
    5: {
        "findings",
        "figures",
        "outcomes",
        "metrics",
        "diversity",
        "quality",
        "statistics",
        "compare",
        "report",
        "rating",
    },
    6: {"tracking", "exporting", "progress", "summary"},
    7: {
        "config",
        "config_faults",
        "config_texts",
        "cli_faults",
        "naming",
        "shipped",
        "sweeps",
        "launchers",
        "publishing",
        "job",
        "judging",
        "paying",
        "dry_run",
    }
    | {"refilter_job", "finetune_job", "evaluate_job", "rate_job", "compare_job", "study_job", "study_parent"}
    | {"commands", "cli"},
}
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names}
OWNERS = {
    "mlflow": {"tracking"},
    "litellm": {"models"},
    "torch": {"finetune", "models"},
    "transformers": {"finetune", "models"},
    "peft": {"finetune", "models"},
    "trl": {"finetune"},
    "openpyxl": {"rating", "compare"},
    "hydra": {"config", "cli", "cli_faults", "sweeps", "launchers"},
    "omegaconf": {"config", "config_texts", "shipped", "cli", "cli_faults", "sweeps", "commands", "launchers"}
    | {"refilter_job", "finetune_job", "evaluate_job", "rate_job", "study_job"},
}
HEAVY = {"litellm", "mlflow", "numba", "pandas", "pyarrow", "hydra", "rouge_score", "torch", "ray"} | {
    "transformers",
    "trl",
    "peft",
    "openpyxl",
    "uvicorn",
    "matplotlib",
    "scipy",
    "sklearn",
    "statsmodels",
}
OF_HYDRA = ("selfinstruct.sweeps", "selfinstruct.launchers.")  # loaded by Hydra when a sweep begins
TEXT_FILES = {".py", ".md", ".yaml", ".toml", ".txt", ".jsonl", ""}
LAYER_0_LIBRARIES = set(sys.stdlib_module_names) | {"selfinstruct"}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def noun(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """Every imported module, and whether it is imported when the file is (outside functions and TYPE_CHECKING)."""
    found: list[tuple[str, bool]] = []

    def visit(node: ast.AST, eager: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.extend((alias.name, eager) for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module:
                names = [f"{child.module}.{alias.name}" for alias in child.names]
                found.extend((name if child.module == "selfinstruct" else child.module, eager) for name in names)
            is_lazy = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or (
                isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            )
            visit(child, eager and not is_lazy)

    visit(ast.parse(path.read_text(encoding="utf-8")), True)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path: Path) -> None:
    if path.name in {"__init__.py", "__main__.py"} and path.parent == PACKAGE:
        return
    own = LAYER_OF[noun(path)]
    for name, _ in imports(path):
        parts = name.split(".")
        if parts[0] == "selfinstruct" and len(parts) > 1 and parts[1] in LAYER_OF:
            assert LAYER_OF[parts[1]] <= own, f"{path.name} (layer {own}) imports {name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_heavy_library_has_one_owner(path: Path) -> None:
    for name, _ in imports(path):
        owners = OWNERS.get(name.split(".")[0])
        assert owners is None or noun(path) in owners, f"{path.name} imports {name}"


@pytest.mark.parametrize("name", sorted(LAYERS[0]))
def test_the_ground_layer_needs_the_standard_library_only(name: str) -> None:
    for module, _ in imports(PACKAGE / f"{name}.py"):
        assert module.split(".")[0] in LAYER_0_LIBRARIES, f"{name} imports {module}"


def test_importing_every_noun_imports_nothing_heavy() -> None:
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in SOURCES]
    wanted = [module.removesuffix(".__init__") for module in modules if not module.endswith("__main__")]
    script = (
        "import importlib, sys\n"
        f"for name in {[w for w in wanted if not w.startswith(OF_HYDRA)]!r}: importlib.import_module(name)\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert printed.stdout.strip() == "[]"


def test_a_target_is_named_in_the_model_group_only() -> None:
    """Hydra's own section is the exception: it names the sweep callback and the launchers."""
    for path in sorted((ROOT / "conf").rglob("*.yaml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "_target_" in line and path.parent.name not in {"model", "launcher"}:
                assert line.strip() == "_target_: selfinstruct.sweeps.SweepCallback", f"{path}: {line}"


def test_no_machine_path_stands_in_the_tree() -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False).stdout.split()
    for name in listed or []:
        path = ROOT / name
        if path.is_file() and not path.is_symlink() and path.suffix in TEXT_FILES:
            assert str(ROOT) not in path.read_text(encoding="utf-8", errors="ignore"), name
