"""tools/train.py and tools/test.py as a user calls them, and the bash scripts around them."""

import argparse
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from argus.commands.config_options import load_config
from tests.tools.test_start import start
from tests.toy import toy_tasks, write_config
from tools import test as test_tool
from tools import train as train_tool

TOOLS = Path(__file__).parents[2] / "tools"
SHORT = "train_cfg.max_iters=2"


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Call a tool's main() with a command line; exit status, stdout, stderr."""

    def call(tool: object, *arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tool", *map(str, arguments)])
        capfd.readouterr()
        status = 0
        try:
            tool.main()
        except SystemExit as exit_:
            status = exit_.code
        return status, *capfd.readouterr()

    return call


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "toy.py")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work dir with iter_2.pth and the config that made it, by a real command line.

    It is called from another folder, and Argus is not installed.
    """
    folder = tmp_path_factory.mktemp("trained")
    config = write_config(folder / "toy.py")
    command = [sys.executable, TOOLS / "train.py", config.name, "--work-dir", folder]
    options = ["--cfg-options", SHORT, "--amp", "--cfg-options", "randomness.seed=3"]  # both count
    done = start(folder, *command, *options)
    assert done.returncode == 0, done.stderr
    assert "2/2  eta" in done.stdout and "OneDL" not in done.stdout + done.stderr
    return folder


def assert_one_message(status: int, stderr: str, *words: str) -> None:
    assert status == 2, stderr
    assert "Traceback" not in stderr
    for word in words:
        assert word in stderr


def test_train__applies_the_options(trained: Path) -> None:
    checkpoint = torch.load(trained / "iter_2.pth", weights_only=True)
    assert checkpoint["training"]["seed"] == 3
    assert checkpoint["meta"]["iter"] == 2
    assert Config.fromstring(checkpoint["meta"]["config"], ".py").precision == "bf16"


def test_train__resumes_the_latest_or_the_named_checkpoint(run: Callable, config: Path) -> None:
    folder = config.parent / "work_dir"
    assert run(train_tool, config, "--cfg-options", SHORT)[0] == 0
    status, out, _ = run(train_tool, config, "--resume")
    assert status == 0 and "at step 2" in out and "4/4  eta" in out and "1/4  eta" not in out
    status, out, _ = run(train_tool, config, "--resume", folder / "iter_2.pth")
    assert status == 0 and "at step 2" in out


def test_train__resume_of_a_finished_training_says_so_and_validates(
    run: Callable, config: Path
) -> None:
    assert run(train_tool, config, "--cfg-options", SHORT)[0] == 0
    status, out, _ = run(train_tool, config, "--resume", "--cfg-options", SHORT)
    assert status == 0
    assert "nothing left to train: the checkpoint is of step 2 of 2" in out
    assert "val results" in out and "eta" not in out


def test_test__writes_the_table(run: Callable, trained: Path, tmp_path: Path) -> None:
    arguments = (trained / "toy.py", trained / "iter_2.pth", "--work-dir", tmp_path)
    status, out, _ = run(test_tool, *arguments)
    assert status == 0
    results = json.loads((tmp_path / "results.json").read_text())
    assert 0 <= results["semantic/mIoU"] <= 1 and 0 <= results["classification/top1"] <= 1
    table = (tmp_path / "results.md").read_text()
    assert f"{100 * results['semantic/mIoU']:.1f}" in table
    assert "| classification | top1" in table and "50.0" in table, "the paper's value"
    assert "test results" in out


def test_test__chosen_tasks_and_file(run: Callable, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "some" / "numbers.json"
    arguments = (trained / "toy.py", trained / "iter_2.pth", "--work-dir", tmp_path)
    status, *_ = run(test_tool, *arguments, "--tasks", "semantic", "--out", out, "--weights", "raw")
    assert status == 0
    assert {name.split("/")[0] for name in json.loads(out.read_text())} == {"semantic"}
    assert out.with_suffix(".md").is_file()


def test_test__none_is_the_untrained_model(run: Callable, config: Path, tmp_path: Path) -> None:
    status, out, _ = run(test_tool, config, "none", "--work-dir", tmp_path)
    assert status == 0
    assert "no checkpoint: these are the numbers of the untrained model" in out
    assert (tmp_path / "results.json").is_file()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["max_iters"], ["expected KEY=VALUE", "'max_iters'"]),
        (["=3"], ["expected KEY=VALUE"]),
        (["train_cgf.max_iters=3"], ["there is no train_cgf in the config", "train_cfg"]),
        (["tasks.semantic.train.datset.length=3"], ["no tasks.semantic.train.datset", "dataset"]),
        (["tasks.semantic.trian.batch_size=3"], ["no tasks.semantic.trian", "train"]),
        (["tasks.semantic.batchsize=3"], ["tasks.semantic.batchsize: unknown key 'batchsize'"]),
        (["balancing.lr=1"], ["there is no balancing in the config"]),
        (["balancing.type=FAMO", "balancing.rate=1"], ["unknown key 'rate' of FAMO"]),
        (["precison=fp32"], ["unknown key 'precison'", "did you mean 'precision'"]),
        (["tasks.semantic.train.batchsize=3"], ["unknown key", "did you mean 'batch_size'"]),
        (["backbone.chanels=8"], ["unknown key 'chanels' of ToyBackbone", "'channels'"]),
        (["train_cfg.max_iter=3"], ["train_cfg", "'max_iter'", "max_iters"]),
        (["train_cfg.max_iters=0"], ["train_cfg.max_iters", "found 0"]),
        (["tasks.semantic.decoder.data_preprocessor.mean.7=1"], ["mean.7", "0, 1, 2"]),
        (["tasks.semantic.decoder.data_preprocessor.mean.x=1"], ["mean.x", "0, 1, 2"]),
    ],
)
def test_cfg_options__mistakes(
    run: Callable, config: Path, options: list[str], words: list[str]
) -> None:
    status, _, stderr = run(train_tool, config, "--cfg-options", *options)
    assert_one_message(status, stderr, *words)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a folder/x.pth", "a folder/x.pth"),
        ("'quoted'", "quoted"),
        ("3", 3),
        ("1e-3", 1e-3),
        ("true", True),
        ("None", None),
        ("[1, 2]", [1, 2]),
        ("(a, b)", ("a", "b")),
        ("1,2", [1, 2]),
    ],
)
def test_cfg_options__values(config: Path, text: str, value: object) -> None:
    arguments = argparse.Namespace(
        config=str(config),
        cfg_options=[f"randomness.note={text}"],
        amp=False,
        launcher="none",
        work_dir=None,
    )
    assert load_config(arguments).randomness.note == value
    arguments.cfg_options = ["balancing.type=FAMO", f"balancing.note={text}"]
    assert load_config(arguments).balancing == dict(type="FAMO", note=value)


def test_config__missing(run: Callable, tmp_path: Path) -> None:
    for tool, more in ((train_tool, []), (test_tool, ["none"])):
        status, _, stderr = run(tool, tmp_path / "no.py", *more)
        assert_one_message(status, stderr, "no.py does not exist")


@pytest.mark.parametrize("text", ["tasks = dict(", "tasks = 1 / 0", "raise OSError('disk')"])
def test_config__that_does_not_parse(run: Callable, tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.py").write_text(text)
    status, _, stderr = run(train_tool, tmp_path / "bad.py")
    assert_one_message(status, stderr, "bad.py")


def test_work_dir__that_cannot_be_made(run: Callable, config: Path) -> None:
    blocked = config / "inside_a_file"
    status, _, stderr = run(train_tool, config, "--work-dir", blocked)
    assert_one_message(status, stderr, f"work_dir {blocked}", "--work-dir")


def test_launcher__without_its_variables(
    run: Callable, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RANK", raising=False)
    status, _, stderr = run(train_tool, config, "--launcher", "pytorch")
    assert_one_message(status, stderr, "RANK", "tools/dist_train.sh")


def test_tasks__unknown_name(run: Callable, config: Path) -> None:
    status, _, stderr = run(test_tool, config, "none", "--tasks", "depth")
    assert_one_message(status, stderr, "['depth']", "semantic")


def test_checkpoint__missing(run: Callable, trained: Path) -> None:
    status, _, stderr = run(test_tool, trained / "toy.py", trained / "iter_9.pth")
    assert_one_message(status, stderr, "iter_9.pth does not exist", "iter_2.pth")


def test_checkpoint__truncated(run: Callable, trained: Path, tmp_path: Path) -> None:
    whole = (trained / "iter_2.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    status, _, stderr = run(test_tool, trained / "toy.py", tmp_path / "cut.pth")
    assert_one_message(status, stderr, "cut.pth", "truncated")


class _Code:
    """Unpickling it would make a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("writer", [torch.save, lambda x, p: p.write_bytes(pickle.dumps(x))])
def test_checkpoint__code_in_it_does_not_run(
    run: Callable, config: Path, tmp_path: Path, writer: Callable
) -> None:
    evil, proof = tmp_path / "evil.pth", tmp_path / "proof"
    writer({"format": "argus-checkpoint-1", "state_dict": _Code(proof)}, evil)
    for tool, arguments in ((test_tool, [evil]), (train_tool, ["--resume", evil])):
        status, _, stderr = run(tool, config, *arguments)
        assert_one_message(status, stderr, "evil.pth")
        assert not proof.exists()


def test_checkpoint__of_other_classes(run: Callable, trained: Path, tmp_path: Path) -> None:
    tasks = toy_tasks()
    names = [f"class {i}" for i in range(5)]
    tasks["classification"]["decoder"]["head"]["num_classes"] = 5
    for part in ("train", "val"):
        tasks["classification"][part]["dataset"]["metainfo"] = dict(classes=names)
    other = write_config(tmp_path / "other.py", tasks=tasks)
    status, _, stderr = run(test_tool, other, trained / "iter_2.pth")
    assert_one_message(status, stderr, "does not fit", "(5, 8)", "(3, 8)", "head.fc.weight")


def test_interrupt__exits_without_a_traceback(
    run: Callable, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("argus.engine.train_loop.MultitaskTrainLoop._step", interrupted)
    status, _, stderr = run(train_tool, config)
    assert status == 130 and "interrupted" in stderr and "Traceback" not in stderr


def bash(script: str, *arguments: object, **environment: str) -> tuple[int, list[str], str]:
    done = subprocess.run(
        ["bash", str(TOOLS / script), *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], Path]:
    """A program that prints its arguments, one a line."""

    def make(name: str) -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
        path.chmod(0o755)
        return path

    return make


@pytest.mark.parametrize("script", sorted(path.name for path in TOOLS.glob("*.sh")))
def test_scripts__parse_and_may_be_run(script: str) -> None:
    assert subprocess.run(["bash", "-n", TOOLS / script], check=False).returncode == 0
    assert os.access(TOOLS / script, os.X_OK)


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("dist_train.sh", ["config.py"]),
        ("dist_test.sh", ["config.py", "2"]),
        ("slurm_train.sh", ["partition", "job"]),
        ("slurm_test.sh", ["partition", "job", "config.py"]),
    ],
)
def test_scripts__usage(script: str, arguments: list[str]) -> None:
    status, out, stderr = bash(script, *arguments)
    assert (status, out) == (2, [])
    assert stderr.startswith("usage: ") and "CONFIG" in stderr


@pytest.mark.parametrize("number", ["none", "0", "-1", "2x", ""])
def test_dist_train__number_of_processes(number: str) -> None:
    status, _, stderr = bash("dist_train.sh", "config.py", number)
    assert status == 2 and f"NUM_PROCESSES must be a number of at least 1, got '{number}'" in stderr


def test_dist_train__one_machine(fake: Callable) -> None:
    python = fake("python")
    status, out, _ = bash("dist_train.sh", "a config.py", 4, "--amp", PYTHON=str(python))
    assert status == 0
    assert out == [
        *(str(TOOLS / "launch.py"), "--standalone", "--nproc_per_node", "4"),
        *(str(TOOLS / "train.py"), "a config.py", "--amp", "--launcher", "pytorch"),
    ]


def test_dist_train__cfg_options_end_before_the_launcher(fake: Callable) -> None:
    arguments = ("config.py", 2, "--cfg-options", "a=1", "b=2")
    _, out, _ = bash("dist_train.sh", *arguments, PYTHON=str(fake("python")))
    assert out[-5:] == ["--cfg-options", "a=1", "b=2", "--launcher", "pytorch"]


def test_dist_test__model_needs_no_checkpoint(fake: Callable, tmp_path: Path) -> None:
    python = str(fake("python"))
    _, out, _ = bash("dist_test.sh", tmp_path, 2, "--tasks", "depth", PYTHON=python)
    end = [str(TOOLS / "test.py"), str(tmp_path), "--tasks", "depth", "--launcher", "pytorch"]
    assert out[-6:] == end
    assert bash("dist_test.sh", tmp_path, PYTHON=python)[0] == 2


def test_dist_test__several_machines(fake: Callable) -> None:
    nodes = dict(NNODES="3", NODE_RANK="1", MASTER_ADDR="head", MASTER_PORT="1234")
    arguments = ("config.py", "last.pth", 8)
    status, out, _ = bash("dist_test.sh", *arguments, PYTHON=str(fake("python")), **nodes)
    assert status == 0
    assert out == [
        *(str(TOOLS / "launch.py"), "--nnodes", "3", "--node_rank", "1"),
        *("--master_addr", "head", "--master_port", "1234", "--nproc_per_node", "8"),
        *(str(TOOLS / "test.py"), "config.py", "last.pth", "--launcher", "pytorch"),
    ]


@pytest.mark.parametrize("missing", ["NODE_RANK", "MASTER_ADDR"])
def test_dist_train__several_machines_need_their_variables(fake: Callable, missing: str) -> None:
    nodes = {"NNODES": "2", "NODE_RANK": "0", "MASTER_ADDR": "head", missing: ""}
    status, out, stderr = bash("dist_train.sh", "c.py", 2, PYTHON=str(fake("python")), **nodes)
    assert status != 0 and out == [] and f"set {missing}" in stderr


def with_path(program: Path) -> str:
    return f"{program.parent}:{os.environ['PATH']}"


def test_slurm_train__srun_line(fake: Callable) -> None:
    setting = dict(GPUS="16", GPUS_PER_NODE="8", CPUS_PER_TASK="5", SRUN_ARGS="--qos high")
    arguments = ("gpu", "stage1", "config.py", "--resume")
    path = with_path(fake("srun"))
    status, out, _ = bash("slurm_train.sh", *arguments, PATH=path, PYTHON="py", **setting)
    assert status == 0
    assert out == [
        *("-p", "gpu", "--job-name=stage1", "--gres=gpu:8", "--ntasks=16"),
        *("--ntasks-per-node=8", "--cpus-per-task=5", "--kill-on-bad-exit=1", "--qos", "high"),
        *("bash", str(TOOLS / "slurm_step.sh"), "py", "-u", str(TOOLS / "train.py")),
        *("config.py", "--resume", "--launcher", "slurm"),
    ]


def test_slurm_train__requeue_submits_a_batch_job(fake: Callable, tmp_path: Path) -> None:
    path = with_path(fake("sbatch"))
    arguments = ("gpu", "stage1", "my config.py", "--requeue")
    setting = dict(GPUS="2", SBATCH_ARGS="--time=4:00:00", SECONDS_BEFORE_END="60")
    status, out, _ = bash("slurm_train.sh", *arguments, PATH=path, PYTHON="py", **setting)
    assert status == 0
    assert {"--ntasks=2", "--requeue", "--signal=USR1@60", "--time=4:00:00"} <= set(out)
    assert out[-2] == "--wrap"
    # What the job runs, on a machine of the allocation: the same call, which starts a step there.
    path = with_path(fake("srun"))
    done = subprocess.run(
        ["bash", "-c", out[-1]],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path, "PYTHON": "py", "SLURM_JOB_ID": "41", "GPUS": "2"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-4:] == ["my config.py", "--requeue", "--launcher", "slurm"]


@pytest.mark.parametrize(("status", "queued"), [(75, True), (0, False), (1, False), (2, False)])
def test_slurm_requeue__queues_again_what_can_go_on(
    fake: Callable, tmp_path: Path, status: int, queued: bool
) -> None:
    path = with_path(fake("scontrol"))
    job = tmp_path / "job.sh"
    # Signals that are for the command may reach the script as well.
    job.write_text(f'kill -TERM "$PPID"; kill -USR1 "$PPID"; exit {status}\n')
    found, out, _ = bash("slurm_requeue.sh", job, PATH=path, SLURM_JOB_ID="41")
    assert out == (["requeue", "41"] if queued else [])
    assert found == (0 if queued else status)


def test_slurm_step__a_port_of_its_own_for_every_job() -> None:
    def port(**environment: str) -> str:
        command = ("slurm_step.sh", "printenv", "MASTER_PORT")
        return bash(*command, **environment)[1][0]

    assert port(SLURM_JOB_ID="41") != port(SLURM_JOB_ID="42")
    assert 1024 < int(port(SLURM_JOB_ID="99999999")) < 65536
    assert port(SLURM_JOB_ID="41", MASTER_PORT="1234") == "1234"


def test_dist_train__python_of_the_active_environment(fake: Callable, tmp_path: Path) -> None:
    fake("python")
    active = dict(PYTHON="", VIRTUAL_ENV=str(tmp_path))
    status, out, _ = bash("dist_train.sh", "config.py", 2, **active)
    assert status == 0 and out[0] == str(TOOLS / "launch.py")


def test_config__unknown_key_close_to_a_known_one(run: Callable, config: Path) -> None:
    config.write_text(config.read_text() + "\nload_form = 'a.pth'\n")
    status, _, stderr = run(train_tool, config)
    assert_one_message(status, stderr, "'load_form'", "did you mean 'load_from'")


def test_test__averaged_weights_that_are_asked_for_have_to_be_there(
    run: Callable, trained: Path, tmp_path: Path
) -> None:
    checkpoint = torch.load(trained / "iter_2.pth", weights_only=True)
    checkpoint.pop("ema", None)
    torch.save(checkpoint, tmp_path / "raw.pth")
    arguments = (trained / "toy.py", tmp_path / "raw.pth", "--work-dir", tmp_path)
    status, _, stderr = run(test_tool, *arguments, "--weights", "ema")
    assert_one_message(status, stderr, "has no averaged weights")
    assert run(test_tool, *arguments)[0] == 0


def test_errors__wrong_keyword_of_a_part(run: Callable, config: Path) -> None:
    config.write_text(config.read_text() + "\noptim_wrapper['clipgrad'] = 1\n")
    status, _, stderr = run(train_tool, config)
    assert_one_message(status, stderr, "ConfigError", "clipgrad")


def test_errors__save_best_without_rule(run: Callable, config: Path) -> None:
    text = "\ndefault_hooks = dict(checkpoint=dict(type='argus.CheckpointHook', save_best='a/b'))\n"
    config.write_text(config.read_text() + text)
    status, _, stderr = run(train_tool, config)
    assert_one_message(status, stderr, "save_best", "rule='greater'")


@pytest.mark.parametrize(
    ("num_heads", "size", "words"),
    [
        (5, 32, ["channels divisible by the heads", "48 and 5"]),
        (4, 40, ["multiples of 32", "40"]),
    ],
    ids=["layer", "backbone"],
)
def test_errors__plain_value_errors_of_layers_and_backbones(
    run: Callable, tmp_path: Path, num_heads: int, size: int, words: list[str]
) -> None:
    vit = dict(type="DinoVisionTransformer", img_size=28, weights="random")
    vit["arch"] = dict(embed_dim=48, depth=4, num_heads=num_heads)
    backbone = dict(type="ViTAdapter", vit=vit, conv_inplane=16, norm_groups=8, num_interactions=2)
    tasks = dict(classification=toy_tasks()["classification"])
    tasks["classification"]["decoder"]["head"]["in_channels"] = 48
    tasks["classification"]["train"]["dataset"]["size"] = size
    config = write_config(tmp_path / "toy.py", tasks=tasks, backbone=backbone)
    status, _, stderr = run(train_tool, config)
    assert_one_message(status, stderr, "ConfigError: ", *words)


def test_slurm_test__fewer_gpus_than_a_node_has(fake: Callable) -> None:
    arguments = ("gpu", "numbers", "config.py", "last.pth")
    path = with_path(fake("srun"))
    status, out, _ = bash("slurm_test.sh", *arguments, PATH=path, PYTHON="py", GPUS="2")
    assert status == 0
    assert {"--gres=gpu:2", "--ntasks=2", "--ntasks-per-node=2"} <= set(out)
    tool = str(TOOLS / "test.py")
    assert out[-6:] == ["-u", tool, "config.py", "last.pth", "--launcher", "slurm"]


def test_slurm_train__without_slurm(tmp_path: Path) -> None:
    for name in ("bash", "dirname"):
        target = next(p for p in os.environ["PATH"].split(":") if (Path(p) / name).exists())
        (tmp_path / name).symlink_to(Path(target) / name)
    status, _, stderr = bash("slurm_train.sh", "gpu", "job", "config.py", PATH=str(tmp_path))
    assert status == 2 and "srun is not on this machine" in stderr
