"""The import direction of the packages, the size of the files, and ASCII sources."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "argus"
SOURCES = sorted(PACKAGE.rglob("*.py"))
ALL_SOURCES = sorted(
    path
    for folder in ("argus", "tools", "configs", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
COMMON = (
    "argus.errors",
    "argus.registry",
    "argus.structures",
    "argus.building",
    "argus.names",
    "argus.safe_load",
    "argus.processes",
    "argus.files",
)
MODELS = ("argus.layers", *COMMON, "argus.model_config", "argus.models")
# What stands on top, and nothing else needs.
APPLICATIONS = (
    *("argus.commands", "argus.serve", "argus.export", "argus.analysis", "argus.release"),
    "argus.ablation",
)
# A system of its own on the engine, which nothing else knows but its command.
MTV = "argus.mtv"

# What the modules below a package may import of Argus; the longest prefix of a module counts.
MAY_IMPORT = {
    "argus.errors": (),
    "argus.registry": (),
    "argus.structures": (),
    "argus.building": ("argus.errors",),
    "argus.libraries": ("argus.processes",),
    "argus.names": ("argus.errors",),
    "argus.safe_load": ("argus.errors", "argus.files"),
    "argus.precision": ("argus.errors",),
    "argus.processes": (),
    "argus.layers": (),
    "argus.mmcv_ops": ("argus.errors", "argus.layers"),
    "argus.coco_evaluation": ("argus.errors",),
    "argus.models.losses": ("argus.errors", "argus.registry", "argus.layers"),
    "argus.files": ("argus.errors",),
    "argus.storage": ("argus.errors", "argus.files"),
    "argus.model_config": (
        "argus.errors",
        "argus.registry",
        "argus.storage.config_values",
        "argus.precision",
    ),
    "argus.models.backbones": (
        "argus.layers",
        *COMMON,
        "argus.storage",
        "argus.model_config",
        "argus.models.losses",
        "argus.models.backbones",
    ),
    "argus.models.decoders": MODELS,
    "argus.models": MODELS,
    "argus.tasks": ("argus.errors", "argus.names"),
    "argus.recipes": (
        *MODELS,
        "argus.storage",
        "argus.tasks",
        "argus.datasets.own",
    ),
    "argus.datasets": (
        *COMMON,
        "argus.tasks.ignored_label",
        "argus.tasks.label_counts",
        "argus.datasets",
    ),
    "argus.evaluation": (*COMMON, "argus.coco_evaluation", "argus.evaluation"),
    "argus.visualization": (*COMMON, "argus.visualization"),
    "argus.results": (*COMMON, "argus.visualization"),
    "argus.inference": (
        *MODELS,
        "argus.precision",
        "argus.datasets.transforms",
        "argus.results",
    ),
}
# And what it may not, though the package may.
MAY_NOT_IMPORT = {
    "argus.models.decoders": ("argus.models.multitask",),
    "argus.models.multitask": ("argus.models.decoders",),
    "argus.models.foreign": ("argus.models.decoders", "argus.models.multitask"),
    "argus.engine": (*APPLICATIONS, "argus.api", "argus.model_files", "argus.inference"),
    "argus.model_files": (*APPLICATIONS, "argus.api"),
    "argus.api": APPLICATIONS,
    "argus.serve": ("argus.commands", "argus.export", "argus.analysis", "argus.release"),
    "argus.export": ("argus.commands", "argus.serve", "argus.analysis", "argus.release"),
    "argus.analysis": ("argus.commands", "argus.serve", "argus.export", "argus.release"),
    "argus.release": ("argus.commands", "argus.serve", "argus.analysis"),
    "argus.new_task": APPLICATIONS,
    MTV: (*APPLICATIONS, "argus.api", "argus.model_files", "argus.inference", "argus.recipes"),
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[str]:
    """Full name of every module that a file imports, wherever in the file."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def is_below(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def longest(module: str, packages: dict[str, tuple[str, ...]]) -> str | None:
    return max((p for p in packages if is_below(module, p)), key=len, default=None)


def wrong_imports(path: Path) -> Iterator[str]:
    """What a file imports against the direction."""
    module = module_of(path)
    package, forbidden = longest(module, MAY_IMPORT), longest(module, MAY_NOT_IMPORT)
    for name in imported(path):
        if not is_below(name, "argus") or name == "argus":
            continue
        allowed = package is None or any(
            is_below(name, other) for other in (*MAY_IMPORT[package], package)
        )
        denied = [] if forbidden is None else list(MAY_NOT_IMPORT[forbidden])
        if not is_below(module, MTV) and module != "argus.commands.mtv":
            denied.append(MTV)
        if module != "argus.__main__" and not is_below(module, "argus.commands"):
            denied.append("argus.commands")
        if not allowed or any(is_below(name, other) for other in denied):
            yield f"{module} imports {name}"


def test_imports__follow_the_direction() -> None:
    assert [wrong for path in SOURCES for wrong in wrong_imports(path)] == []


def test_multitask__names_no_task_or_decoder() -> None:
    text = (PACKAGE / "models" / "multitask.py").read_text()
    for path in (PACKAGE / "models" / "decoders").glob("[!_]*"):
        assert path.stem not in text


def test_files__are_short_and_ascii() -> None:
    assert ALL_SOURCES
    for path in ALL_SOURCES:
        text = path.read_text()
        assert text.isascii(), (path, [char for char in text if not char.isascii()][:5])
        assert len(text.splitlines()) <= 500, path


def test_files__median_is_a_screenful_or_three() -> None:
    lengths = sorted(len(path.read_text().splitlines()) for path in SOURCES)
    assert lengths[len(lengths) // 2] <= 200
    assert sum(length > 300 for length in lengths) <= len(lengths) // 20


TOOLS = sorted((ROOT / "tools").rglob("*.py"))
LIBRARIES = ("mmcv", "mmdet", "mmseg", "mmpose", "mmpretrain")


def test_tools__import_argus_before_a_library() -> None:
    """By which mmcv finds its operators, and the libraries are quiet."""
    assert TOOLS
    for path in TOOLS:
        roots = []
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import):
                roots += [alias.name.split(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                roots.append(str(node.module).split(".")[0])
        first = next((place for place, name in enumerate(roots) if name in LIBRARIES), None)
        assert first is None or "argus" in roots[:first], path
