"""The command line as a user meets it: output, files, exit codes, errors without tracebacks."""

from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from backsim.cli import run as cli

SCENARIO = """\
horizon: 60
warm_up: 10
products: [mug, plate]
suppliers: {acme: {lead_time: {gamma: {mean: 6, cv: 0.5}}}}
customers:
  gold: {demand: {arrivals: {poisson: {rate: 2}}, products: mug}}
  silver: {demand: {arrivals: {poisson: {rate: 3}}, products: plate}, priority: 2, tolerance: 4}
policy: {reorder: {rule: s_S, s: 12, S: 24}, priority: class_priority}
costs: {holding: 0.1, backorder_time: 1}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    """A small scenario file."""
    file = tmp_path / "small.yaml"
    file.write_text(SCENARIO)
    return str(file)


def backsim(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "backsim", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_table(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["run", scenario, "--seed", "3", "-n", "4"]) == 0
    out = capsys.readouterr().out
    assert "4 replications, days 10 to 60" in out
    assert "seed 3" in out
    for word in ("fill_rate", "overall", "gold", "silver", "±", "cost.total"):
        assert word in out


def test_table_by_product(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["run", scenario, "--seed", "3", "-n", "2", "--by", "product"]) == 0
    header = next(line for line in capsys.readouterr().out.splitlines() if "overall" in line)
    assert header.split() == ["metric", "overall", "mug", "plate", "unit"]


def test_json_and_csv_agree(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["run", scenario, "--seed", "3", "-n", "3", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["provenance"]["seed"] == 3
    assert found["provenance"]["replications"] == 3
    assert cli(["run", scenario, "--seed", "3", "-n", "3", "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [r["metric"] for r in rows] == [m["metric"] for m in found["metrics"]]
    for row, metric in zip(rows, found["metrics"], strict=True):
        assert float(row["mean"]) == pytest.approx(metric["mean"])


def test_results_do_not_depend_on_workers_or_engine(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = []
    for options in (
        ["--workers", "1"],
        ["--workers", "2"],
        ["--engine", "compiled", "--workers", "2"],
    ):
        assert cli(["run", scenario, "--seed", "3", "-n", "4", "--format", "csv", *options]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] == outputs[2]


def test_seed_is_drawn_and_printed(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*more: str) -> Any:
        assert cli(["run", scenario, "-n", "2", *more]) == 0
        return capsys.readouterr()

    first, second = run(), run()
    assert first.err.startswith("seed: ")
    assert first.err != second.err
    assert run("--seed", first.err.split()[1]).out == first.out


def test_nothing_but_results_in_a_pipe(scenario: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli(["run", scenario, "-n", "3", "--seed", "1"]) == 0
    done = capfd.readouterr()
    assert done.err == ""
    assert "\x1b" not in done.out


def test_out_writes_results_and_provenance(scenario: str, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "results"
    assert cli(["run", scenario, "--seed", "3", "-n", "2", "--out", str(out)]) == 0
    names = sorted(file.name for file in out.iterdir())
    assert names == ["metrics.csv", "provenance.json", "replications.csv", "scenario.yaml"]
    provenance = json.loads((out / "provenance.json").read_text())
    assert provenance["seed"] == 3
    # The scenario that was written gives the same figures again.
    assert (
        cli(
            [
                "run",
                str(out / "scenario.yaml"),
                "--seed",
                "3",
                "-n",
                "2",
                "--out",
                str(tmp_path / "b"),
            ]
        )
        == 0
    )
    assert (tmp_path / "b" / "metrics.csv").read_text() == (out / "metrics.csv").read_text()


@pytest.mark.parametrize("name", ["events.csv", "events.jsonl", "events.csv.gz"])
def test_trace_writes_every_event(scenario: str, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    assert cli(["run", scenario, "--seed", "3", "-n", "2", "--trace", str(file)]) == 0
    text = gzip.decompress(file.read_bytes()).decode() if name.endswith("gz") else file.read_text()
    rows = (
        [json.loads(x) for x in text.splitlines()]
        if "json" in name
        else list(csv.DictReader(text.splitlines()))
    )
    assert {"order", "ship", "purchase", "receive"} <= {row["event"] for row in rows}
    times = [float(row["time"]) for row in rows]
    assert times == sorted(times)
    assert times[-1] <= 60


def test_set_and_resolve(scenario: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli(["resolve", scenario, "--set", "policy.reorder.S=30", "--set", "horizon=99"]) == 0
    explicit = capsys.readouterr().out
    assert "horizon: 99" in explicit
    assert "S: 30" in explicit
    file = tmp_path / "explicit.yaml"
    file.write_text(explicit)
    assert cli(["resolve", str(file)]) == 0
    assert capsys.readouterr().out == explicit


def test_validate_reports_each_file(
    scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(SCENARIO.replace("horizon: 60", "horizon: -1").replace("s: 12", "s: many"))
    assert cli(["validate", scenario, str(bad)]) == 2
    captured = capsys.readouterr()
    assert "small.yaml: ok" in captured.out
    assert f"{bad}:1:1: horizon: expected" in captured.err
    assert "policy.reorder.s: expected" in captured.err


def test_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["schema"]) == 0
    assert "horizon" in json.loads(capsys.readouterr().out)["properties"]


def test_rules_are_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["rules"]) == 0
    assert "class_priority" in capsys.readouterr().out
    assert cli(["rules", "r_nQ"]) == 0
    assert "Zheng and Chen" in capsys.readouterr().out


RULES = '''
from backsim import priority
from backsim.quantities import Weight

@priority
def {name}(line, now, weight: Weight = 1.0):
    """Longest wait first, by weight."""
    {body}
'''


def test_own_rule_runs_in_both_engines(
    scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.py"
    file.write_text(
        RULES.format(name="cli_longest_wait", body="return -weight * (now - line.time)")
    )
    outputs = []
    for engine in ("simpy", "compiled"):
        options = [
            "--rules",
            str(file),
            "--set",
            "policy.priority={rule: cli_longest_wait, weight: 2}",
        ]
        arguments = [
            "run",
            scenario,
            "--seed",
            "1",
            "-n",
            "2",
            "--engine",
            engine,
            "--format",
            "csv",
            *options,
        ]
        assert cli(arguments) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]


def test_rule_that_does_not_compile(
    scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.py"
    file.write_text(RULES.format(name="cli_not_compiled", body='return float(f"{now:.3f}")'))
    options = ["--rules", str(file), "--set", "policy.priority=cli_not_compiled", "--seed", "1"]
    assert cli(["run", scenario, "-n", "2", "--engine", "compiled", *options]) == 2
    assert "cli_not_compiled" in capsys.readouterr().err
    assert cli(["run", scenario, "-n", "2", "--set", "horizon=12000", *options]) == 0
    assert "simpy engine (rules" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_of_that_name\n", "own.py:1: ModuleNotFoundError"),
        ("def f(:\n", "own.py:1: SyntaxError"),
        (
            "from backsim import priority\n@priority\ndef fcfs(line):\n    return 0.0\n",
            "exists already",
        ),
        (
            "from backsim import priority\n@priority\ndef p(line, x):\n    return 0.0\n",
            "'x' is neither offered",
        ),
    ],
)
def test_bad_rule_files(
    scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    file = tmp_path / "own.py"
    file.write_text(text)
    assert cli(["run", scenario, "--rules", str(file)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "nothing.yaml"],
        ["run", "."],
        ["run", "SCENARIO", "--engine", "fast"],
        ["run", "SCENARIO", "--seed", "-1"],
        ["run", "SCENARIO", "--seed", "x"],
        ["run", "SCENARIO", "--replications", "0"],
        ["run", "SCENARIO", "--workers", "0"],
        ["run", "SCENARIO", "--set", "horizon"],
        ["run", "SCENARIO", "--set", "horizon=abc"],
        ["run", "SCENARIO", "--set", "nothing=1"],
        ["run", "SCENARIO", "--set", "customers.gold.demand.size={gamma: {mean: 1}}"],
        ["run", "SCENARIO", "--set", "customers.gold.demand.arrivals.poisson.rate=1e9"],
        ["run", "SCENARIO", "--set", "horizon=5"],
        ["run", "SCENARIO", "--rules", "nothing.py"],
        ["run", "SCENARIO", "--trace", "events.txt"],
        ["run", "SCENARIO", "--out", "/dev/null/results"],
        ["run", "SCENARIO", "--nothing"],
        ["rules", "nothing"],
        ["validate"],
        ["nothing"],
        ["selftest", "nothing"],
    ],
)
def test_bad_input_is_a_clear_error(
    scenario: str,
    tmp_path: Path,
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli([scenario if a == "SCENARIO" else a for a in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.strip()


def test_bad_input_in_a_process(scenario: str) -> None:
    done = backsim("run", scenario, "--set", "horizon=abc")
    assert done.returncode == 2
    assert "horizon: expected a number > 0 (days)" in done.stderr
    assert "Traceback" not in done.stderr


def wait_until_it_works(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Until it has workers or 4 s of processor time, so that a busy machine changes nothing.

    Elsewhere than on Linux, 10 s.
    """
    proc = Path(f"/proc/{process.pid}")
    if not proc.exists():
        time.sleep(10)
        return
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        times = (proc / "stat").read_text().rpartition(")")[2].split()[11:13]
        used = sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
        workers = (proc / "task" / proc.name / "children").read_text().split()
        if len(workers) >= 2 or used >= 4:
            return
        time.sleep(0.1)


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_interrupt_ends_cleanly(scenario: str, engine: str) -> None:
    command = [sys.executable, "-m", "backsim", "run", scenario, "--seed", "1", "--engine", engine]
    command += ["--set", "horizon=200000", "-n", "500", "--workers", "2"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until_it_works(process)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=300)
        finally:
            process.kill()
    assert process.returncode == 130, (out, err)
    assert "Traceback" not in err
    assert "interrupted" in err


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_their_parent(scenario: str, end: signal.Signals) -> None:
    """In the middle of a replication, too, which takes minutes here."""
    command = [sys.executable, "-m", "backsim", "run", scenario, "--engine", "simpy"]
    command += ["--seed", "1", "--set", "horizon=2000000", "-n", "2", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            wait_until_it_works(process)
            task = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            workers = [Path(f"/proc/{worker}/stat") for worker in task.read_text().split()]
            assert len(workers) == 2
            process.send_signal(end)
            process.wait(timeout=300)
        finally:
            process.kill()
    deadline = time.monotonic() + 10
    while any(map(is_running, workers)):
        assert time.monotonic() < deadline, "a worker computes on without its parent"
        time.sleep(0.05)


def is_running(stat: Path) -> bool:
    """Whether a process is there that has not ended yet, awaited or not."""
    try:
        return stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_interrupt_while_a_scenario_is_written(
    scenario: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """pydantic makes an error of its own of whatever is raised while it writes a model."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("backsim.rules.kinds.Registry.name_of", stop)
    assert cli(["resolve", scenario]) == 130
    assert capsys.readouterr().err == "backsim: interrupted\n"


def test_closed_pipe_is_quiet(scenario: str) -> None:
    command = f"{sys.executable} -m backsim reference | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""


HEAVY = frozenset({"numpy", "numba", "pandas", "scipy", "pydantic", "simpy", "matplotlib"})


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("--help", ()),
        ("allocate BOOK", ("numpy", "pydantic")),
        ("run SCENARIO --seed 1 -n 2 --engine simpy", ("numpy", "pydantic", "simpy")),
        ("run SCENARIO --seed 1 -n 2 --engine compiled", ("numpy", "pydantic")),
    ],
)
def test_a_command_loads_only_what_it_needs(
    command: str, needed: tuple[str, ...], tmp_path: Path, scenario: str
) -> None:
    """What a library takes to load is a good part of a second for a small task."""
    folder = tmp_path / "book"
    assert cli(["allocate", "--template", str(folder)]) == 0
    words = command.replace("BOOK", str(folder)).replace("SCENARIO", scenario).split()
    assert cli(words) == 0  # what it compiles is kept
    code = (
        f"import sys\nfrom backsim.cli import run\nassert run({words}) == 0\n"
        f"print(sorted({set(HEAVY)} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == str(sorted(needed))


def test_version() -> None:
    done = backsim("--version")
    assert done.stdout.startswith("backsim ")
    assert done.returncode == 0


def test_what_cannot_be_written_is_named(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["explore", scenario, "--out", "/dev/null/page.html"]) == 2
    assert "/dev/null: expected a folder to write to" in capsys.readouterr().err


def test_read_only_folder(scenario: str, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    assert cli(["run", scenario, "--seed", "1", "-n", "2", "--out", str(folder)]) == 2


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_rule_with_a_wrong_answer(
    scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], engine: str
) -> None:
    file = tmp_path / "own.py"
    file.write_text(RULES.format(name="cli_text", body="return 'first'"))
    options = ["--rules", str(file), "--set", "policy.priority=cli_text", "--seed", "1"]
    assert cli(["run", scenario, "-n", "2", "--engine", engine, *options]) == 2
    assert "cli_text" in capsys.readouterr().err


def test_full_disk(scenario: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    command = f"{sys.executable} -m backsim reference > /dev/full"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("backsim: cannot write")
