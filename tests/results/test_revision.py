"""The revision of a folder is read; nothing of a repository's is run, whatever it holds."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import backsim
from backsim.results.madewith import environment
from backsim.results.revision import revision

ONE, OTHER = "1" * 40, "2" * 40


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def committed(folder: Path) -> str:
    """A repository with a commit, and its hash."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")
    return git(folder, "rev-parse", "HEAD")


def test_as_git_says(tmp_path: Path) -> None:
    assert revision(tmp_path) == ""
    assert revision(tmp_path / "not there") == ""
    first = committed(tmp_path / "a")
    (tmp_path / "a" / "deep" / "er").mkdir(parents=True)
    assert revision(tmp_path / "a" / "deep" / "er") == first
    git(tmp_path / "a", "commit", "-q", "--allow-empty", "-m", "y")
    second = git(tmp_path / "a", "rev-parse", "HEAD")
    assert revision(tmp_path / "a") == second != first  # it is asked again
    git(tmp_path / "a", "pack-refs", "--all")
    assert revision(tmp_path / "a") == second
    git(tmp_path / "a", "worktree", "add", "-q", "-b", "side", str(tmp_path / "b"), first)
    assert revision(tmp_path / "b") == first
    git(tmp_path / "a", "pack-refs", "--all")
    assert revision(tmp_path / "b") == first
    git(tmp_path / "a", "checkout", "-q", "--detach", first)
    assert revision(tmp_path / "a") == first


def test_an_unborn_branch(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert revision(tmp_path) == ""


HOSTILE = """\
[core]
    fsmonitor = {program}
    hooksPath = {folder}
    pager = {program}
    sshCommand = {program}
    editor = {program}
[diff]
    external = {program}
[diff "x"]
    textconv = {program}
[filter "x"]
    clean = {program}
    smudge = {program}
    process = {program}
[alias]
    describe = !{program}
    rev-parse = !{program}
[include]
    path = {folder}/more
"""


def test_a_hostile_checkout_runs_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    commit = committed(tmp_path)
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    for hook in ("post-index-change", "reference-transaction", "fsmonitor-watchman", "pre-commit"):
        (tmp_path / hook).symlink_to(program)
        (tmp_path / ".git" / "hooks").mkdir(exist_ok=True)
        (tmp_path / ".git" / "hooks" / hook).symlink_to(program)
    config = tmp_path / ".git" / "config"
    config.write_text(config.read_text() + HOSTILE.format(program=program, folder=tmp_path))
    (tmp_path / ".gitattributes").write_text("* filter=x diff=x\n")
    (tmp_path / "s.yaml").write_text(SCENARIO)

    environment()  # Python asks `uname` for the kind of processor, once

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a process was started")

    for place, name in ((subprocess, "Popen"), (os, "posix_spawn"), (os, "system"), (os, "fork")):
        monkeypatch.setattr(place, name, refuse)
    run = backsim.simulate(tmp_path / "s.yaml", seed=1, engine="simpy")
    assert run.provenance["revision"] == commit
    assert not ran.exists()


SCENARIO = """\
horizon: 9
products: x
suppliers: {s: {lead_time: 2}}
customers: {c: {demand: {arrivals: {poisson: {rate: 5}}, products: x}}}
stock: [{initial: 16, reorder: none}]
"""


def made(folder: Path, head: str | None = "ref: refs/heads/main\n", main: str = ONE) -> Path:
    """Git's files by hand."""
    place = folder / ".git"
    (place / "refs" / "heads").mkdir(parents=True)
    if head is not None:
        (place / "HEAD").write_text(head)
    (place / "refs" / "heads" / "main").write_text(main + "\n")
    return place


@pytest.mark.parametrize(
    "head",
    [
        "ref: ../../secret",
        "ref: refs/../../../secret",
        "ref: /etc/hostname",
        "ref: refs/heads/.invalid",
        "ref: refs/heads/not there",
        "ref:",
        "",
        "secret",
        ONE[:39],
        "ref: refs/heads/main\nmore",
        "\x00" * 50,
        "x" * 5000,
    ],
)
def test_what_is_no_commit_is_not_told(head: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("my password")
    made(tmp_path, head)
    assert revision(tmp_path) == ""


def test_files_that_are_none(tmp_path: Path) -> None:
    """A pipe does not hang, a device and a huge file are not read, a circle ends."""
    pipe, huge, circle, device, loop = (tmp_path / name for name in "abcde")
    os.mkfifo(made(pipe, None) / "HEAD")
    assert revision(pipe) == ""
    with (made(huge, None) / "HEAD").open("wb") as stream:
        stream.truncate(2**40)
    assert revision(huge) == ""
    (made(circle, None) / "HEAD").symlink_to("HEAD")
    assert revision(circle) == ""
    (made(device, None) / "HEAD").symlink_to("/dev/zero")
    assert revision(device) == ""
    made(loop, main="ref: refs/heads/main")
    assert revision(loop) == ""
    (tmp_path / "round").symlink_to(tmp_path / "round")
    assert revision(tmp_path / "round") == ""


def test_a_file_that_points_elsewhere(tmp_path: Path) -> None:
    """As a worktree's does; what is there is read as git's files or not at all."""
    made(tmp_path / "elsewhere")
    for number, (text, found) in enumerate(
        [
            ("gitdir: ../elsewhere/.git\n", ONE),
            (f"gitdir: {tmp_path}/elsewhere/.git", ONE),
            ("gitdir: /etc", ""),
            ("gitdir: .git", ""),
            ("gitdir:", ""),
            ("gitdir: " + "../" * 300, ""),
            ("gitdir: \x00", ""),
            ("something else", ""),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / ".git").write_text(text)
        assert revision(folder) == found, text


def test_a_folder_named_git_that_is_no_repository_is_passed(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "in" / ".git").mkdir(parents=True)
    assert revision(tmp_path / "in") == ONE
