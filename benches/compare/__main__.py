"""Runs metatape beside its peers, in turns on the same cores, and prints one table of the ratios to the best peer.

  python3 benches/compare PEERS [--python PYTHON] [--l2l FOLDER] [--write]

PEERS is a folder with jax_peer.py, torch_peer.py, l2l_peer.py, common.py, rust-peers/ and peak.c. What cannot be run is
left out, and the line above the table says so: the Python peers need PYTHON, an interpreter that has jax and optax, or
torch; learn2learn also needs FOLDER, its unpacked sources; the bandwidth of the memory needs gcc.
"""
import argparse
import json
import os
import sys

sys.dont_write_bytecode = True

import engines
import plan
import table

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
README = os.path.join(ROOT, "benches", "README.md")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benches/compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("peers", metavar="PEERS", help="the folder of the peers' programs")
    add("--python", help="an interpreter for the Python peers [none]")
    add("--l2l", metavar="FOLDER", help="the sources of learn2learn [none]")
    add("--build", metavar="DIR", default=os.path.join(ROOT, "target", "peers"),
        help="where the peers are built and keep what they compile [target/peers]")
    add("--only", metavar="GROUPS", default=",".join(plan.GROUPS), help="some of %(default)s [all]")
    add("--runs", type=int, default=7, help="how often each program is started [%(default)s]")
    add("--repeats", type=int, default=3, help="repeats within each run of a program [%(default)s]")
    add("--threads", type=int, default=2, help="1 leaves out what is measured on two cores [%(default)s]")
    add("--cores", default=",".join(map(str, sorted(os.sched_getaffinity(0)))),
        help="the cores to run on; one thread takes the first [%(default)s]")
    add("--seed", type=int, default=0, help="which shapes of products are drawn [%(default)s]")
    add("--quick", action="store_true", help="one short run of a few rows, to see that it works")
    add("--lines", metavar="FILE", help="keep all measured lines here; groups that are not measured now come from here")
    add("--write", action="store_true", help="put the table into benches/README.md")
    chosen = parser.parse_args()
    if not os.path.isdir(chosen.peers):
        parser.error(f"PEERS {chosen.peers}: no such folder")
    for group in chosen.only.split(","):
        if group not in plan.GROUPS:
            parser.error(f"--only {group}: there are {', '.join(plan.GROUPS)}")
    return chosen


def measure(batch: plan.Batch, programs: engines.Engines, runs: int, repeats: int) -> list[dict]:
    """The lines of a batch: ours, each peer's, ours again, and so on."""
    how = {"group": batch.group, "runs": f"{runs} x {repeats} repeats"}
    lines = []
    for run in range(1, runs + 1):
        print(f"  run {run} of {runs}", file=sys.stderr, flush=True)
        for turn in batch.turns:
            found = programs.run(turn.engine, turn.words, turn.threads, repeats)
            lines += [line | how for line in found]
    return lines


def read(file: str | None) -> list[dict]:
    if not file or not os.path.exists(file):
        return []
    with open(file) as kept:
        return [json.loads(line) for line in kept]


def write(file: str, lines: list[dict]) -> None:
    with open(file, "w") as kept:
        kept.writelines(json.dumps(line) + "\n" for line in lines)


def main() -> None:
    chosen = options()
    runs, repeats = (1, 1) if chosen.quick else (chosen.runs, chosen.repeats)
    cores = chosen.cores.split(",")
    most = min(chosen.threads, len(cores))
    batches = [
        batch for batch in plan.batches(chosen.seed)
        if batch.group in chosen.only.split(",") and all(turn.threads <= most for turn in batch.turns)
    ]
    if chosen.quick:
        batches = [batch for batch, before in zip(batches, [None, *batches]) if not before or before.group != batch.group]

    site = engines.Site(
        ROOT, os.path.abspath(chosen.peers), os.path.abspath(chosen.build), cores, chosen.python, chosen.l2l
    )
    programs = engines.Engines(site)
    lines = [line for line in read(chosen.lines) if line["group"] not in {batch.group for batch in batches}]
    for at, batch in enumerate(batches, 1):
        print(f"{at}/{len(batches)} {batch.title}", file=sys.stderr, flush=True)
        lines += measure(batch, programs, runs, repeats)
        if chosen.lines:
            write(chosen.lines, lines)
    lines.sort(key=lambda line: plan.GROUPS.index(line["group"]))
    text = table.render(lines, engines.machine(), programs.left_out)
    print(text)
    if chosen.write:
        table.replace(README, text)


if __name__ == "__main__":
    main()
