"""Runs a Python peer's script in the interpreter that has what it needs: peer.py SCRIPT WORKLOAD [options].

The script does what it does without this, but for three things: its numbers are printed unrounded, for five digits are
too few to compare check values by; --shapes chooses the products; and JAX, whose compiler leaves out of a Hessian-vector
product what the gradient alone would need, also gives gradient and product together.
"""
import argparse
import json
import os
import runpy
import sys
import time

CALLS = 20


def read_shape(text: str) -> tuple:
    """Name, how many at a time (0: one, without an axis for it), rows, inner length, columns."""
    episodes, _, lengths = text.rpartition(":")
    return text, int(episodes or 0), *map(int, lengths.split("x"))


def gradient_and_product(common, peer: dict) -> None:
    import jax

    inputs = peer["p"], peer["v"]
    both = jax.jit(lambda p, v: jax.jvp(jax.grad(peer["L"]), (p,), (v,)))

    def call():
        for _ in range(CALLS):
            result = both(*inputs)
        jax.block_until_ready(result)

    begin = time.perf_counter()
    call()
    first = time.perf_counter() - begin
    rates = common.measure(call, CALLS, peer["A"].repeats)
    check = sum(float(abs(array).sum()) for array in jax.tree.leaves(both(*inputs)))
    peer["done"](workload="hvp", what="grad_and_hvp", mode="jit", unit="calls/s", **rates, first_call_s=first, check_last=check)


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("script")
    parser.add_argument("workload")
    parser.add_argument("--shapes")
    parser.add_argument("--n", help="for ours alone: the peers have their own lengths")
    ours, words = parser.parse_known_args()

    sys.path.insert(0, os.path.dirname(ours.script))
    import common

    common.emit = lambda **line: print(json.dumps(line), flush=True)
    if ours.shapes:
        common.GEMM_SHAPES = [read_shape(text) for text in ours.shapes.split(",")]
    sys.argv = [ours.script, ours.workload, *words]
    peer = runpy.run_path(ours.script, run_name="__main__")
    if ours.workload == "hvp" and "jax" in peer:
        gradient_and_product(common, peer)


if __name__ == "__main__":
    main()
