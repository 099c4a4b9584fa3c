"""The programs that are compared: how each is built, started and read."""
import functools
import glob
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
RUST_CRATES = ("faer", "gemm", "matrixmultiply", "nano-gemm")

Run = Callable[[list[str], int, int], list[dict]]  # words, threads, repeats -> lines


class Unavailable(Exception):
    """Why an engine cannot be had here."""


@dataclass
class Site:
    """Where everything lies, and the cores to run on."""

    root: str
    peers: str
    build: str
    cores: list[str]
    python: str | None
    l2l: str | None

    def peer(self, name: str) -> str:
        path = os.path.join(self.peers, name)
        if not os.path.exists(path):
            raise Unavailable(f"PEERS has no {name}")
        return path

    def environment(self, threads: int) -> dict[str, str]:
        """One program, one number of threads, AVX-512 in OpenBLAS, and compiled programs kept from run to run."""
        count = {f"{name}_NUM_THREADS": str(threads) for name in ("RAYON", "OPENBLAS", "MATMUL", "OMP")}
        kept = {name: os.path.join(self.build, name.lower()) for name in ("JAX_COMPILATION_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR")}
        avx512 = {"OPENBLAS_CORETYPE": "SKYLAKEX", "PEER_OPENBLAS_CORETYPE": "SKYLAKEX"} if "avx512f" in cpu_flags() else {}
        inherited = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
        python = {"PYTHONDONTWRITEBYTECODE": "1", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "L2L_SRC": self.l2l or ""}
        return inherited | count | kept | avx512 | python

    def output(self, command: list[str], threads: int) -> str:
        pinned = ["taskset", "-c", ",".join(self.cores[:threads]), *command]
        done = subprocess.run(pinned, env=self.environment(threads), capture_output=True, text=True, errors="replace")
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            raise Unavailable("failed")
        return done.stdout

    def lines(self, command: list[str], threads: int) -> list[dict]:
        lines = (json.loads(line) for line in self.output(command, threads).splitlines() if line.startswith("{"))
        return [line | {"threads": threads} for line in lines]


@dataclass
class Engines:
    """Prepares each engine when it is first asked for something, and remembers which could not do it."""

    site: Site
    ready: dict[str, Run | None] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def run(self, engine: str, words: list[str], threads: int, repeats: int) -> list[dict]:
        try:
            if engine not in self.ready:
                self.ready[engine] = None
                self.ready[engine] = ENGINES[engine](self.site)
            run = self.ready[engine]
            return [line | {"engine": engine} for line in run(words, threads, repeats)] if run else []
        except Unavailable as reason:
            if engine == "metatape":
                raise SystemExit(f"{' '.join(words)}: {reason}") from None
            self.left_out.setdefault(engine, str(reason))
            return []


def counts(threads: int, repeats: int) -> list[str]:
    return ["--threads", str(threads), "--repeats", str(repeats)]


def built(command: list[str], **where) -> list[dict]:
    """What cargo says while it builds."""
    done = subprocess.run(["cargo", *command, "--message-format", "json"], stdout=subprocess.PIPE, text=True, **where)
    if done.returncode:
        raise Unavailable(f"cargo {' '.join(command)} failed")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def executable(messages: list[dict]) -> str:
    return next(filter(None, (message.get("executable") for message in reversed(messages))))


def ours(site: Site) -> Run:
    program = executable(built(["build", "--release", "--locked", "--example", "workloads"], cwd=site.root))
    return lambda words, threads, repeats: site.lines([program, *words, *counts(threads, repeats)], threads)


def python(script: str, modules: str, *ending: str) -> Callable[[Site], Run]:
    """A peer's script with some words of its own, where the interpreter has the modules."""

    def prepare(site: Site) -> Run:
        if not site.python:
            raise Unavailable("no --python")
        if script == "l2l_peer.py" and not site.l2l:
            raise Unavailable("no --l2l")
        if subprocess.run([site.python, "-c", f"import {modules}"], capture_output=True).returncode:
            raise Unavailable(f"the interpreter lacks one of {modules}")
        command = [site.python, os.path.join(HERE, "peer.py"), site.peer(script)]
        return lambda words, threads, repeats: site.lines([*command, *words, *ending, *counts(threads, repeats)], threads)

    return prepare


def rust(site: Site) -> Run:
    """The Rust peers' benchmark, copied so that it can be given a `main` that takes shapes."""
    copy = os.path.join(site.build, "rust-peers")
    shutil.copytree(site.peer("rust-peers"), copy, dirs_exist_ok=True, copy_function=shutil.copyfile)
    package = os.path.join(copy, "gemm-peers")
    with open(os.path.join(package, "src", "main.rs")) as file:
        functions, _, _ = file.read().partition("\nfn main()")
    with open(os.path.join(HERE, "shapes.rs")) as file:
        main = file.read()
    os.makedirs(os.path.join(package, "examples"), exist_ok=True)
    with open(os.path.join(package, "examples", "shapes.rs"), "w") as file:
        file.write(f"{functions}\n{main}")

    environment = {"CARGO_TARGET_DIR": os.path.join(site.build, "rust")} | os.environ
    build = ["build", "--release", "-p", "gemm-peers", "--example", "shapes", "--features"]
    try:
        program = executable(built([*build, "v4,openblas"], cwd=copy, env=environment))
    except Unavailable:
        program = executable(built([*build, "v4"], cwd=copy, env=environment))
    with open(os.path.join(copy, "Cargo.lock")) as lock:
        locked = dict(re.findall(r'name = "(.+)"\nversion = "(.+)"', lock.read()))
    versions = ", ".join(f"{crate} {locked[crate]}" for crate in RUST_CRATES)

    def run(words: list[str], threads: int, repeats: int) -> list[dict]:
        clock = "value_cpu" if threads == 1 else "value"
        lines = site.lines([program, *words, *counts(threads, repeats)], threads)
        return [line | {"workload": "gemm", "unit": "GFLOP/s", "version": versions, clock: line["gflops"]} for line in lines]

    return run


def memory(site: Site) -> Run:
    """Moves arrays that no cache holds, and does next to nothing with them."""
    source, program = site.peer("peak.c"), os.path.join(site.build, "peak")
    try:
        subprocess.run(["gcc", "-O3", "-march=native", "-pthread", source, "-o", program], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise Unavailable("gcc is not here or refuses peak.c") from None
    return lambda words, threads, repeats: site.lines([program, str(threads)], threads)


def tape(site: Site) -> Run:
    """Criterion's medians of benches/tape.rs."""
    program = executable(built(["bench", "--locked", "--bench", "tape", "--no-run"], cwd=site.root))
    folder = os.path.join(site.build, "criterion")
    timing = ["--bench", "--noplot", "--warm-up-time", "1", "--measurement-time", "2"]

    def estimate(results: str) -> dict:
        with open(os.path.join(results, "benchmark.json")) as benchmark, open(os.path.join(results, "estimates.json")) as estimates:
            about, times = json.load(benchmark), json.load(estimates)
        ns = times["median"]["point_estimate"] / about["throughput"]["Elements"]
        return {"peer": "metatape", "workload": "tape", "what": about["function_id"], "unit": "ns/node", "value": ns, "threads": 1}

    def run(words: list[str], threads: int, repeats: int) -> list[dict]:
        site.output(["env", f"CRITERION_HOME={folder}", program, *timing, "tape/record"], threads)
        return [estimate(results) for results in sorted(glob.glob(os.path.join(folder, "tape", "record*", "new")))]

    return run


ENGINES: dict[str, Callable[[Site], Run]] = {
    "metatape": ours,
    "jax": python("jax_peer.py", "jax, optax, numpy"),
    "torch": python("torch_peer.py", "torch, numpy", "--impl", "eager"),
    "torch-compiled": python("torch_peer.py", "torch, numpy", "--impl", "compile"),
    "jax-im2col": python("jax_peer.py", "jax, optax, numpy", "--conv", "im2col", "--tasks", "map"),
    "learn2learn": python("l2l_peer.py", "torch, numpy", "--lib", "l2l"),
    "rust": rust,
    "memory": memory,
    "tape": tape,
}


@functools.cache
def cpu_flags() -> frozenset[str]:
    return frozenset(cpuinfo("flags").split())


def cpuinfo(name: str) -> str:
    with open("/proc/cpuinfo") as file:
        return next((line.partition(":")[2].strip() for line in file if line.startswith(name)), "")


def machine() -> str:
    features = [flag for flag in ("avx2", "fma", "avx512f", "avx512dq", "avx512vl") if flag in cpu_flags()]
    return f"{cpuinfo('model name') or os.uname().machine} with {', '.join(features)}, {os.cpu_count()} cores"
