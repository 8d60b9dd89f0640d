"""chance - which histories a test draws: the same ones in every check, so that a change is judged by what it changed;
TRY_ALL=1: many, and others each time; SEED=N: from N on; SEEDS=N: so many. What fails tells the seed."""
import os
import random


def first_seed(ours=1):
    if "SEED" in os.environ:
        return int(os.environ["SEED"])
    return random.randrange(1 << 30) if os.environ.get("TRY_ALL") else ours


def seeds(few, many):
    first = first_seed()
    return range(first, first + int(os.environ.get("SEEDS", many if os.environ.get("TRY_ALL") else few)))
