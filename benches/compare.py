#!/usr/bin/env python3
"""Runs the workloads example and the JAX peer alternately on the same core, and prints the table of benches/README.md.

  python3 benches/compare.py PEERS PYTHON [--runs 5] [--repeats 3] [--threads 1] [--only sine_maml,hvp] [--lines FILE]

PEERS is the folder that holds jax_peer.py and common.py, PYTHON an interpreter that has jax, optax and numpy. Every run is a
process of its own. A rate is the median over the runs of each run's median; `wall` compares items by the clock, `cpu` by
processor time, which does not mind when a neighbour takes the core now and then. All lines go to FILE as they come.
"""
import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile

# The peer rounds what it prints to five digits, too few to compare check values by.
UNROUNDED = """
import json, runpy, sys
sys.path.insert(0, sys.argv.pop(1))
import common
common.emit = lambda **line: print(json.dumps(line), flush=True)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
KEYS = ("workload", "algo", "mb", "steps", "order", "what", "shape", "op", "n")
MODES = {"injit_chain": "chain", "injit_chain_pair": "chain_pair", "scan": None, "loop": None, "jit": None, "call": None}
TOLERANCES = {"check_first": 1e-5, "check_last": 1e-3}


def configurations(wanted):
    for workload in wanted:
        if workload != "sine_maml":
            yield [workload]
            continue
        for mb, steps, order, algo in itertools.product((25, 4), (1, 5), (2, 1), ("maml", "metasgd")):
            yield [workload, "--algo", algo, "--mb", str(mb), "--steps", str(steps), "--order", str(order)]


def lines_of(command, environment):
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def key(line):
    mode = line["mode"]
    return tuple(line.get(k) for k in KEYS) + (MODES.get(mode, mode),)


def name(key):
    workload, algo, mb, steps, order, what, shape, op, n, mode = key
    if algo:
        return f"{workload} {algo}, meta-batch {mb}, {steps} step{'s' if steps > 1 else ''}, order {order}"
    return " ".join(str(word) for word in (workload, what, shape, op, n, mode) if word)


def disagreements(ours, theirs):
    for check, tolerance in TOLERANCES.items():
        if check in ours and check in theirs:
            error = abs(ours[check] - theirs[check]) / abs(theirs[check])
            if not error <= tolerance:
                yield f"{check} {ours[check]:.7g} against {theirs[check]:.7g}"


def row(key, ours, theirs):
    median = lambda lines, rate: statistics.median(line[rate] for line in lines)
    wrong = list(disagreements(ours[0], theirs[0]))
    wall = median(ours, "value") / median(theirs, "value")
    cpu = median(ours, "value_cpu") / median(theirs, "value_cpu")
    mine, other = (f"{median(lines, 'value_cpu'):.4g}" for lines in (ours, theirs))
    checks = "; ".join(wrong) or ("agree" if any(check in ours[0] for check in TOLERANCES) else "none")
    return f"| {name(key)} | {ours[0]['unit'].split(' (')[0]} | {mine} | {other} | {wall:.2f} | {cpu:.2f} | {checks} |"


def machine():
    with open("/proc/cpuinfo") as cpuinfo:
        flags = next((line.split(":")[1].split() for line in cpuinfo if line.startswith("flags")), [])
    features = [flag for flag in ("avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl") if flag in flags]
    return f"{os.uname().machine} with {', '.join(features)}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", help="the folder of jax_peer.py and common.py")
    parser.add_argument("python", help="an interpreter with jax, optax and numpy")
    parser.add_argument("--runs", type=int, default=5, help="processes of each kind for each configuration [5]")
    parser.add_argument("--repeats", type=int, default=3, help="repeats within a process [3]")
    parser.add_argument("--threads", type=int, default=1, help="cores for each, the first that this process may use [1]")
    parser.add_argument("--only", default="sine_maml,hvp", help="of sine_maml, hvp, gemm, elementwise [sine_maml,hvp]")
    parser.add_argument("--lines", help="a file to keep all measured lines in")
    options = parser.parse_args()

    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    build = ["cargo", "build", "--release", "--example", "workloads", "--message-format", "json"]
    artifacts = subprocess.run(build, cwd=root, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    ours = next(filter(None, (json.loads(line).get("executable") for line in artifacts)))
    peer = [options.python, "-c", UNROUNDED, options.peers, os.path.join(options.peers, "jax_peer.py")]
    common = ["--threads", str(options.threads), "--repeats", str(options.repeats)]
    kept = open(options.lines, "w") if options.lines else None

    with tempfile.TemporaryDirectory() as cache:
        # Compiled programs are kept from run to run: only the first of each kind compiles.
        environment = dict(os.environ, JAX_COMPILATION_CACHE_DIR=cache, JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="0")
        environment.pop("OPENBLAS_CORETYPE", None)
        found = {}
        for configuration in configurations(options.only.split(",")):
            for _, command in itertools.product(range(options.runs), ([ours], peer)):
                for line in lines_of(command + configuration + common, environment):
                    found.setdefault(key(line), {}).setdefault(line["peer"], []).append(line)
                    if kept:
                        print(json.dumps(line), file=kept, flush=True)
            print(f"{' '.join(configuration)}: done", file=sys.stderr, flush=True)

    both = {key: lines for key, lines in found.items() if len(lines) == 2}
    first = next(iter(both.values()))
    versions = [f"{peer} {lines[0]['version'].removeprefix('jax ')}" for peer, lines in first.items()]
    print(f"{machine()}, {options.threads} thread(s); {', '.join(versions)}; {options.runs} alternated runs\n")
    print("| workload | unit | metatape | JAX | ratio, wall | ratio, cpu | check values |")
    print("|---|---|---|---|---|---|---|")
    for key_, lines in both.items():
        print(row(key_, lines["metatape"], lines["jax"]))


if __name__ == "__main__":
    main()
