#!/usr/bin/python3
"""Mutation run: does a test fail when one thing in the code is another?

    make mutation SEED=1 RUNS=300 [FILES=lib/money/money.c]

Takes RUNS places of the files in modules.txt by the seed (0: all of them), makes each another
(a comparison, an operator, a number, a statement that is gone), builds the tests that the file's
line names, and runs them until one fails.  What none notices survives, and is printed with its
place.  A mutant that the compiler makes the same code of is none.  survivors.txt has those that
cannot be told apart from outside, with the reason; any other survivor counts against the share
that must be killed.

Works on copies of the tree under build/mutation; the tree itself is not touched.
"""
import concurrent.futures
import os
import random
import re
import shutil
import subprocess
import sys

KILLED_PERCENT_MIN = 85
TEST_S_MAX = 120
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "mutation")

SWAPS = [
    (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "),
    (r" < ", " > "), (r" == ", " != "), (r" != ", " == "),
    (r" && ", " || "), (r" \|\| ", " && "), (r"\(!", "("),
    (r" \+ ", " - "), (r" - ", " + "), (r" \+= ", " -= "), (r" -= ", " += "),
    (r"\+\+", "--"), (r" % ", " / "), (r" << ", " >> "), (r" & ", " | "),
]


def code_lines(text):
    """Line numbers with code that runs: no comment, no table, no declaration outside functions."""
    inside, comment, depth = [], False, 0
    for number, line in enumerate(text.split("\n")):
        bare = line.strip()
        if comment:
            comment = "*/" not in line
            continue
        if bare.startswith("/*"):
            comment = "*/" not in line
            continue
        if line.startswith("{"):
            depth = 1
            continue
        if line.startswith("}"):
            depth = 0
            continue
        if depth and bare and not bare.startswith("#") and not bare.startswith("assert("):
            inside.append(number)
    return inside


def mutants_of(path):
    text = open(os.path.join(ROOT, path)).read()
    lines = text.split("\n")
    for number in code_lines(text):
        line = lines[number]
        # What stands in a text for people, or behind a comment, is no code.
        mask = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])*\'|/\*.*', lambda m: "\0" * len(m.group()),
                      line)
        declares = re.match(r"\s+(static |const |struct |enum |int |bool |char |unsigned |size_t |"
                            r"u?int\d+_t )", line)
        for pattern, other in SWAPS:
            for found in re.finditer(pattern, mask):
                yield path, number, line[:found.start()] + other + line[found.end():]
        for found in re.finditer(r"(?<![\w.\[])\d+(?![\w.])", mask):
            value = int(found.group())
            yield path, number, line[:found.start()] + str(value + 1) + line[found.end():]
        # A statement of one line, of its own.
        before = lines[number - 1].strip()
        if (not declares and re.match(r"\s+[\w(*].*;$", mask) and not mask.strip().startswith(
                ("return", "goto", "for", "while", "case")) and
                (before.endswith((";", "{", "}", ")", ":", "else")) or before == "")):
            yield path, number, re.match(r"\s+", line).group() + ";"


def modules():
    for line in open(os.path.join(HERE, "modules.txt")):
        words = line.split("#")[0].split()
        if words:
            yield words[0], words[1:]


def explained():
    """file: line text -> mutated text, as survivors.txt names them."""
    known = set()
    for line in open(os.path.join(HERE, "survivors.txt")):
        if line.startswith("lib/") or line.startswith("daemon/"):
            known.add(line.strip())
    return known


def name_of(mutant, text_line):
    path, _, changed = mutant
    return "%s: %s -> %s" % (path, text_line.strip(), changed.strip())


class Worker:
    def __init__(self, number):
        self.tree = os.path.join(BUILD, str(number))
        if os.path.isdir(self.tree):
            shutil.rmtree(self.tree)
        shutil.copytree(ROOT, self.tree, ignore=shutil.ignore_patterns("build", ".git"))
        os.environ["CFLAGS"] = ""

    def make(self, *targets):
        return subprocess.run(["make", "-s", "B=build", "CFLAGS=-O1 -g0", *targets], cwd=self.tree,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def object_bytes(self, path):
        with open(os.path.join(self.tree, "build", path[:-1] + "o"), "rb") as file:
            return file.read()

    def prepare(self, path, tests):
        targets = ["build/" + path[:-1] + "o"] + ["build/tests/unit/" + t for t in tests]
        if not self.make(*targets):
            sys.exit("mutation: the tests of %s do not build" % path)
        self.original = self.object_bytes(path)

    def try_one(self, mutant, tests):
        path, number, changed = mutant
        file = os.path.join(self.tree, path)
        text = open(file).read()
        lines = text.split("\n")
        lines[number] = changed
        try:
            with open(file, "w") as out:
                out.write("\n".join(lines))
            if not self.make("build/" + path[:-1] + "o"):
                return "unbuilt"
            if self.object_bytes(path) == self.original:
                return "same"
            for test in tests:
                if not self.make("build/tests/unit/" + test):
                    return "unbuilt"
                try:
                    ended = subprocess.run(["build/tests/unit/" + test], cwd=self.tree,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                           stdin=subprocess.DEVNULL, timeout=TEST_S_MAX,
                                           env=dict(os.environ, TOLL_BUILD="build"))
                except subprocess.TimeoutExpired:
                    return "killed"
                if ended.returncode != 0:
                    return "killed"
            return "survived"
        finally:
            with open(file, "w") as out:
                out.write(text)


def main():
    seed, runs = int(os.environ.get("SEED", "1")), int(os.environ.get("RUNS", "300"))
    only = os.environ.get("FILES", "").split()
    table = [(p, t) for p, t in modules() if not only or p in only]
    picked = [(m, tests) for path, tests in table for m in mutants_of(path)]
    random.Random(seed).shuffle(picked)
    if runs:
        picked = picked[:runs]
    picked.sort(key=lambda m: m[0][0])
    print("mutation: SEED=%d RUNS=%d, %d places" % (seed, runs, len(picked)), flush=True)
    known = explained()
    jobs = int(os.environ.get("JOBS", str(os.cpu_count() or 1)))
    counts = {"killed": 0, "survived": 0, "explained": 0, "same": 0, "unbuilt": 0}
    per_file = {}

    def work(share):
        number, mutants = share
        worker, at = Worker(number), None
        results = []
        for mutant, tests in mutants:
            if mutant[0] != at:
                worker.prepare(mutant[0], tests)
                at = mutant[0]
            outcome = worker.try_one(mutant, tests)
            line = open(os.path.join(ROOT, mutant[0])).read().split("\n")[mutant[1]]
            name = name_of(mutant, line)
            if outcome == "survived" and name in known:
                outcome = "explained"
            if outcome == "survived":
                print("survived: %s:%d\n    %s\n    %s" % (mutant[0], mutant[1] + 1,
                                                         line.strip(), mutant[2].strip()),
                      flush=True)
            results.append((mutant[0], outcome))
        return results

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for results in pool.map(work, [(j, picked[j::jobs]) for j in range(jobs)]):
            for path, outcome in results:
                counts[outcome] += 1
                per_file.setdefault(path, {}).setdefault(outcome, 0)
                per_file[path][outcome] += 1
    for path in sorted(per_file):
        print("  %-32s %s" % (path, ", ".join("%s %d" % item for item in
                                               sorted(per_file[path].items()))))
    judged = counts["killed"] + counts["survived"]
    percent = 100 * counts["killed"] // judged if judged else 0
    print("mutation: %d of %d killed, %d %% (at least %d); %d explained, %d the same code, "
          "%d do not build" % (counts["killed"], judged, percent, KILLED_PERCENT_MIN,
                               counts["explained"], counts["same"], counts["unbuilt"]))
    if not judged:
        sys.exit("mutation: nothing was tried")
    sys.exit(0 if percent >= KILLED_PERCENT_MIN else 1)


main()
