#!/usr/bin/python3
"""Mutation run: does a test fail when one thing in the code is another?

    make mutation SEED=1 RUNS=300 [FILES=lib/money/money.c]

Takes RUNS places of the files in modules.txt by the seed (0: all of them), makes each another
(a comparison, an operator, a number, a statement that is gone), builds the tests that the file's
line names, and runs them until one fails.  What none notices survives, and is printed with its
place.  A mutant that the compiler makes the same code of is none.  survivors.txt has those that
cannot be told apart from outside, with the reason; any other survivor counts against the share
that must be killed.

Works on copies of the tree under build/mutation; the tree itself is not touched.  What became of
each mutant is added to build/mutation/log.
"""
import concurrent.futures
import filecmp
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

KILLED_PERCENT_MIN = 85
TEST_S_MAX = 120
MEMORY_BYTES_MAX = 8 << 30  # of a test, which may have no end any more
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
                yield path, number, line[:found.start()] + other + line[found.end():], line
        for found in re.finditer(r"(?<![\w.\[])\d+(?![\w.])", mask):
            value = int(found.group())
            yield path, number, line[:found.start()] + str(value + 1) + line[found.end():], line
        # A statement of one line, of its own.
        before = lines[number - 1].strip()
        if (not declares and re.match(r"\s+[\w(*].*;$", mask) and not mask.strip().startswith(
                ("return", "goto", "for", "while", "case")) and
                (before.endswith((";", "{", "}", ")", ":", "else")) or before == "")):
            yield path, number, re.match(r"\s+", line).group() + ";", line


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


def name_of(mutant):
    path, _, changed, line = mutant
    return "%s: %s -> %s" % (path, line.strip(), changed.strip())


class Worker:
    """A copy of the tree, which keeps what was built of it from run to run."""

    def __init__(self, number):
        self.tree = os.path.join(BUILD, str(number))
        self.copy_tree()
        shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.scratch = tempfile.mkdtemp(prefix="toll-mutation-", dir=shm)
        self.env = dict(os.environ, TOLL_BUILD="build", TMPDIR=self.scratch)

    def copy_tree(self):
        """What is another than in the copy is written there anew, and so compiled again."""
        ours = set()
        for folder, folders, files in os.walk(ROOT):
            folders[:] = [f for f in folders if f not in ("build", ".git")]
            to = os.path.join(self.tree, os.path.relpath(folder, ROOT))
            os.makedirs(to, exist_ok=True)
            for name in files:
                source, target = os.path.join(folder, name), os.path.join(to, name)
                ours.add(os.path.normpath(target))
                if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
                    shutil.copyfile(source, target)
                    shutil.copymode(source, target)
        for folder, folders, files in os.walk(self.tree):
            folders[:] = [f for f in folders if f != "build"]
            for name in files:
                if os.path.normpath(os.path.join(folder, name)) not in ours:
                    os.remove(os.path.join(folder, name))

    def close(self):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def make(self, *targets):
        return subprocess.run(["make", "-s", "B=build", "CFLAGS=-O1 -g0", *targets], cwd=self.tree,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def object_bytes(self, path):
        with open(os.path.join(self.tree, "build", path[:-1] + "o"), "rb") as file:
            return file.read()

    def run_test(self, test, limit_s):
        """Whether it passes; with all that it started it ends here."""
        process = subprocess.Popen(["build/tests/unit/" + test], cwd=self.tree, env=self.env,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            return process.wait(limit_s) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            for name in os.listdir(self.scratch):
                shutil.rmtree(os.path.join(self.scratch, name), ignore_errors=True)

    def prepare(self, path, tests):
        """Builds them; a test that fails without any mutant would kill all of them."""
        targets = ["build/" + path[:-1] + "o"] + ["build/tests/unit/" + t for t in tests]
        if not self.make(*targets):
            sys.exit("mutation: the tests of %s do not build" % path)
        self.original = self.object_bytes(path)
        self.limit_s = {}
        for test in tests:
            began = time.monotonic()
            if not self.run_test(test, TEST_S_MAX):
                sys.exit("mutation: %s fails as it is" % test)
            self.limit_s[test] = min(TEST_S_MAX, 10 + 10 * (time.monotonic() - began))

    def try_one(self, mutant, tests):
        path, number, changed, _ = mutant
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
                if not self.run_test(test, self.limit_s[test]):
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
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    jobs = int(os.environ.get("JOBS", str(os.cpu_count() or 1)))
    os.makedirs(BUILD, exist_ok=True)
    log = open(os.path.join(BUILD, "log"), "a")
    log.write("SEED=%d RUNS=%d FILES=%s\n" % (seed, runs, " ".join(only)))
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
            if outcome == "survived" and name_of(mutant) in known:
                outcome = "explained"
            told = "%s: %s:%d\n    %s\n    %s\n" % (outcome, mutant[0], mutant[1] + 1,
                                                  mutant[3].strip(), mutant[2].strip())
            log.write(told)
            log.flush()
            if outcome == "survived":
                print(told, end="", flush=True)
            results.append((mutant[0], outcome))
        worker.close()
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
