"""What is measured: works, in batches whose programs take turns."""
import itertools
import math
import random
from dataclasses import dataclass

GROUPS = ("sine_maml", "conv4", "lstm", "hvp", "gemm", "elementwise", "tape", "threads")


@dataclass
class Turn:
    """A program, the words that say what it does, and how many cores it has."""

    engine: str
    words: list[str]
    threads: int = 1


@dataclass
class Batch:
    group: str
    turns: list[Turn]

    @property
    def title(self) -> str:
        return " ".join(self.turns[0].words) or self.group


def batches(seed: int) -> list[Batch]:
    kinds = {
        "sine_maml": sine_maml(),
        "conv4": conv4(),
        "lstm": [beside(["lstm", "--second", second], "jax") for second in "01"],
        "hvp": [beside(["hvp"], "jax", "torch")],
        "gemm": gemm(seed),
        "elementwise": [[*beside(["elementwise", "--n", "100000,10000000"], "jax", "torch"), Turn("memory", [])]],
        "tape": [[Turn("tape", [])]],
        "threads": threads(),
    }
    return [Batch(group, turns) for group, kind in kinds.items() for turns in kind]


def beside(words: list[str], *peers: str) -> list[Turn]:
    return [Turn(engine, words) for engine in ("metatape", *peers)]


def sine_words(algo: str, mb: int, steps: int, order: int) -> list[str]:
    return f"sine_maml --algo {algo} --mb {mb} --steps {steps} --order {order}".split()


def sine_maml():
    for mb, steps, order, algo in itertools.product((25, 4), (1, 5), (2, 1), ("maml", "metasgd")):
        words = sine_words(algo, mb, steps, order)
        if (steps, order) == (1, 2):
            # Check values after as many iterations as the others'.
            learn2learn = Turn("learn2learn", [*words, "--iters", "100"])
            yield [*beside(words, "jax", "torch", "torch-compiled"), learn2learn]
        else:
            yield beside(words, "jax")


def conv4():
    """All steps beside the libraries that take one task after the other; JAX, whose compiler takes a minute, only at one."""
    for steps in (1, 5, 10):
        words = f"conv4 --mb 4 --steps {steps}".split()
        peers = ("torch", "learn2learn", "jax-im2col") if steps == 1 else ("torch", "learn2learn")
        yield beside(words, *peers)


def gemm(seed: int):
    """Short batches, so that what is compared runs within seconds of each other."""
    random_shapes = drawn(seed)
    for shapes in (
        ["32x32x32", "64x64x64", "128x128x128"],
        ["256x256x256", "512x512x512", "1024x1024x1024"],
        ["10x40x40", "25:10x40x40", "80x784x256", "64x576x784"],
        random_shapes[:5],
        random_shapes[5:],
    ):
        yield beside(["gemm", "--shapes", ",".join(shapes)], "rust", "jax", "torch")
    yield beside(["gemm", "--shapes", "256x256x256,512x512x512", "--type", "f64"], "rust")


def drawn(seed: int, count: int = 10, shortest: int = 4, longest: int = 1024) -> list[str]:
    """Shapes with lengths that are uniform in their logarithms."""
    numbers = random.Random(seed)

    def length() -> int:
        return round(math.exp(numbers.uniform(math.log(shortest), math.log(longest))))

    return [f"{length()}x{length()}x{length()}" for _ in range(count)]


def threads():
    """Two cores beside the peers' two and beside our one. Two threads need two chunks: 13 of 25 tasks and 12."""
    for algo, steps in itertools.product(("maml", "metasgd"), (1, 5)):
        words = sine_words(algo, 25, steps, 2)
        yield [Turn("metatape", words), Turn("metatape", [*words, "--chunk", "13"], 2), Turn("jax", words, 2)]
    words = "conv4 --mb 4 --steps 1".split()
    yield [Turn("metatape", words), Turn("metatape", [*words, "--turns", "40"], 2), Turn("torch", words, 2)]
    words = ["gemm", "--shapes", "512x512x512,1024x1024x1024"]
    yield [Turn("metatape", words), *(Turn(engine, words, 2) for engine in ("metatape", "rust", "jax", "torch"))]
