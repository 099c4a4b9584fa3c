"""From measured lines to the table of ratios."""
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

MARKERS = "<!-- table -->", "<!-- /table -->"
TOLERANCES = {"check_first": 1e-5, "check_last": 1e-3}
# Adam amplifies rounding through batch norm.
CONV4_TOLERANCES = TOLERANCES | {"check_last": 1.5e-2}
TARGETS = {
    r"sine_maml .* beside learn2learn": 200.0,
    r"conv4, meta-batch 4, 1 step": 2.0,
    r"conv4, .*, two threads over one(, in turns)?": 1.85,
    r"sine_maml .*order \d(, two threads)?": 2.0,
    r"lstm, .*": 2.0,
    r"hvp gradient.*": 1.3,
    r"gemm f.. [\dx of]+(, two threads)?": 1.0,
    r"(exp|tanh) of 1e5": 2.0,
    r"sigmoid of 1e5": 1.5,
    r"(relu|add) of 1e\d": 1.0,
    r"tape, record": 1.0,
}
LIMIT_NS = 20.0
LABELS = {"jax": "JAX", "l2l": "learn2learn", "torch": "PyTorch", "numpy": "NumPy", "onednn": "oneDNN", "openblas 0.3.21": "OpenBLAS 0.3.21"}


@dataclass
class Row:
    """Our rate and another's; where the unit is a time, less is better."""

    work: str
    unit: str
    ours: float
    theirs: float
    label: str
    by_clock: float | None = None
    checks: str = "–"

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours if self.unit.startswith("ns") else self.ours / self.theirs

    def __str__(self) -> str:
        target = next((target for name, target in TARGETS.items() if re.fullmatch(name, self.work)), None)
        verdict = "" if target is None else f"≥ {target:g}" + ("" if self.ratio >= target else ", missed")
        by_clock = "–" if self.by_clock is None else ratio(self.by_clock)
        other = f"{self.label} {number(self.theirs)}"
        cells = [self.work, self.unit, number(self.ours), other, f"**{ratio(self.ratio)}**", by_clock, verdict, self.checks]
        return f"| {' | '.join(cells)} |"


def render(lines: list[dict], machine: str, left_out: dict[str, str]) -> str:
    runs = dict.fromkeys(line["runs"] for line in lines)
    versions = dict.fromkeys(f"metatape {v}" if line["peer"] == "metatape" else v for line in lines if (v := line.get("version")))
    missing = "; ".join(f"{engine}: {reason}" for engine, reason in left_out.items())
    return "\n".join([
        f"{machine}. {'; '.join(versions)}. Medians of {' or '.join(runs)}." + (f" Left out: {missing}." if missing else ""),
        "",
        "| work | unit | metatape | best peer | ratio | by the clock | target | check values |",
        "|---|---|---|---|---|---|---|---|",
        *map(str, rows(lines)),
    ])


def replace(readme: str, text: str) -> None:
    """Puts the table between the markers."""
    with open(readme) as file:
        before, _, rest = file.read().partition(MARKERS[0])
    _, marker, after = rest.partition(MARKERS[1])
    if not marker:
        raise SystemExit(f"{readme}: no place for the table between {MARKERS[0]} and {MARKERS[1]}")
    with open(readme, "w") as file:
        file.write(f"{before}{MARKERS[0]}\n{text}\n{MARKERS[1]}{after}")


def rows(lines: list[dict]) -> Iterator[Row]:
    found: dict[tuple, dict[str, list[dict]]] = {}
    for line in lines:
        for work, entry in works(line):
            found.setdefault((line["group"], work, line["threads"]), {}).setdefault(label(line), []).append(entry)
    triad = rate([line | {"mode": work} for line in lines if re.match("triad.*_mem_", work := line["workload"])], "value")
    for (group, work, threads), engines in found.items():
        ours = engines.get("metatape")
        if not ours:
            continue
        peers = {name: lines for name, lines in engines.items() if name not in ("metatape", "learn2learn")}
        if peers:
            yield beside(work + (", two threads" if threads > 1 else ""), threads, ours, peers)
        if "learn2learn" in engines:
            yield beside(f"{work} beside learn2learn", threads, ours, {"learn2learn": engines["learn2learn"]})
        if triad and work.endswith(" of 1e7"):
            yield Row(f"{work}, of the memory's bandwidth", "GB/s", rate(ours, "gbs"), triad, "triad")
        if threads > 1 and "metatape" in found.get((group, work, 1), {}):
            yield beside(f"{work}, two threads over one", threads, ours, {"one thread": found[group, work, 1]["metatape"]})
        if in_turns := rate(ours, "over_one"):
            yield Row(f"{work}, two threads over one, in turns", "times", in_turns, 1.0, "one thread")
        if group == "tape":
            yield Row(work, ours[0]["unit"], rate(ours, "value"), LIMIT_NS, "limit")


def works(line: dict) -> Iterator[tuple[str, dict]]:
    """What a line measures, in the words of the table, each with the line as far as it says something about that."""
    match line["workload"]:
        case "sine_maml":
            steps = f"{line['steps']} step{'s' if line['steps'] > 1 else ''}"
            yield f"sine_maml {line['algo']}, meta-batch {line['mb']}, {steps}, order {line['order']}", line
        case "conv4":
            yield f"conv4, meta-batch {line['mb']}, {line['steps']} step{'s' if line['steps'] > 1 else ''}", line
        case "lstm":
            yield f"lstm, gradients {'differentiated' if line['second'] else 'constant'}", line
        case "gemm":
            shape = "{m}x{k}x{n}".format(**line) if "m" in line else shape_of(line["shape"])
            yield f"gemm {line.get('type', 'f32')} {shape}", line
            if line["engine"] == "rust":  # Has no batches: a user calls it once for each.
                yield f"gemm {line['type']} 25 of {shape}", line
        case "elementwise":
            yield f"{line['op']} of {line['n']:.0e}".replace("e+0", "e"), line
        case "hvp":
            yield from quantities(line)
        case "tape":
            yield f"tape, {line['what'].replace('_', ' ')}", line
        case other:
            yield other, line


def quantities(line: dict) -> Iterator[tuple[str, dict]]:
    what = line["what"].removeprefix("c_")
    if not what.startswith("hvp"):
        yield {"loss": "hvp loss", "grad": "hvp gradient", "grad_and_hvp": "hvp gradient and product"}[what], line
        return
    yield "hvp product alone", line
    if line["peer"] == "torch" and line["mode"] == "eager":  # Has computed the gradient on the way to the product.
        yield "hvp gradient and product", {key: value for key, value in line.items() if key not in TOLERANCES}


def shape_of(name: str) -> str:
    """`25 of 10x40x40` for b25:10x40@40x40 or 25:10x40x40, `32x32x32` for sq32."""
    episodes, _, product = name.removeprefix("b").rpartition(":")
    if product.startswith("sq"):
        product = "x".join([product[2:]] * 3)
    rows, inner, *_, columns = re.split("[x@]", product)
    return f"{episodes} of " * bool(episodes) + f"{rows}x{inner}x{columns}"


def label(line: dict) -> str:
    if line["workload"] == "gemm" and "impl" in line:
        return LABELS.get(line["impl"], line["impl"])
    compiled = "compile" in (line.get("impl"), line.get("mode"))
    return LABELS.get(line["peer"], line["peer"]) + " compiled" * compiled


def rate(lines: list[dict], clock: str) -> float | None:
    """Of an engine's ways to do a work the fastest: the median over its runs."""
    ways: dict[tuple, list[float]] = {}
    for line in lines:
        if clock in line:
            ways.setdefault((line.get("mode"), line.get("what")), []).append(line[clock])
    return max(map(statistics.median, ways.values()), default=None)


def beside(work: str, threads: int, ours: list[dict], peers: dict[str, list[dict]]) -> Row:
    """Our row beside the fastest of the peers that computed the same."""
    clock = "value_cpu" if threads == 1 else "value"
    wrong = {name: told for name, lines in peers.items() if (told := disagreements(ours[0], lines[0]))}
    best = max(peers, key=lambda name: (name not in wrong, rate(peers[name], clock)))
    wall = rate(peers[best], "value")
    checked = any(check in line for check in TOLERANCES for lines in peers.values() for line in lines[:1])
    checks = "; ".join(f"{name}: {told}" for name, told in wrong.items()) or ("agree" if checked else "–")
    by_clock = rate(ours, "value") / wall if wall else None
    return Row(work, ours[0]["unit"], rate(ours, clock), rate(peers[best], clock), best, by_clock, checks)


def disagreements(ours: dict, theirs: dict) -> str:
    told = []
    tolerances = CONV4_TOLERANCES if ours["workload"] == "conv4" else TOLERANCES
    for check, tolerance in tolerances.items():
        same = check == "check_first" or ours.get("check_iters") == theirs.get("check_iters")
        if same and check in ours and check in theirs:
            if not abs(ours[check] - theirs[check]) <= tolerance * abs(theirs[check]):
                told.append(f"{check} {theirs[check]:.7g}, ours {ours[check]:.7g}")
    return ", ".join(told)


def number(x: float) -> str:
    return f"{x:,.0f}" if x >= 1000 else f"{x:.4g}"


def ratio(x: float) -> str:
    return f"{x:.0f}" if x >= 100 else f"{x:.2f}"
