#!/usr/bin/python3
"""Coverage: which lines and branches of the code did a test run?

    make coverage [WITH="integration faults crash"] [MISSED=lib/ledger]

Runs tests that were built with MODE=coverage, adds up what gcov counted for each source in all
objects that hold code of it, and prints the share of lines and of branches that were run, by file
and by folder.  Fails where one of JUDGED has less than LINES_PERCENT_MIN or BRANCHES_PERCENT_MIN,
where a test fails, and where a judged source has no code at all in what was built.

What runs: all of tests/unit, and of the campaigns those that make memory, disk, calls of the system
and statements fail inside of their own process, for the error paths of the ledger (of the disk of
test_io FAULTS operations).  WITH adds whole folders of tests.  A process that is killed, or ends by
_exit(), leaves no counts: what only it ran is not counted.

A branch is an outcome of a jump of the unoptimized code, so `a && b` has four.  Left out:

  - branches on the lines of an assert(): its other outcome is an abort, which is no behaviour.

Nothing else is.  MISSED=PATH lists what was not run of the files whose paths begin so.
"""
import collections
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys

LINES_PERCENT_MIN = 95
BRANCHES_PERCENT_MIN = 90
JUDGED = ["lib/money", "lib/usage", "lib/rate", "lib/price", "lib/ledger", "lib/ingest",
          "lib/wire", "daemon/writer.c"]
# Those of tests/faults that make things fail within their own process.
RUNS = ["unit", "crash/test_migrations", "faults/test_calls*", "faults/test_change_io*",
        "faults/test_damage*", "faults/test_io*", "faults/test_memory*", "faults/test_statements"]
FAULTS = "2000"  # a fifth of what `make faults` has
WORST_FILES = 25
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join("build", "coverage")

Counts = collections.namedtuple("Counts", "lines lines_run branches branches_run")


def is_ours(path):
    return path.startswith(("lib/", "daemon/", "cli/"))


def gcov(note):
    """What gcov says of one object; without counts it was not run."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", note],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit("coverage: gcov %s: %s" % (note, done.stderr.strip()))
    # With one object it is one document; what else it says goes to stderr.
    return json.loads(done.stdout)


class Source:
    """Counts of a file: by line, and by function, line and place for a branch."""

    def __init__(self, path):
        self.path = path
        self.lines = collections.Counter()
        self.branches = collections.Counter()
        self.asserts = assert_lines(path)

    def add(self, lines):
        place = collections.Counter()
        for line in lines:
            number, function = line["line_number"], line.get("function_name", "")
            self.lines[number] += line["count"]
            if number in self.asserts:
                continue
            for branch in line["branches"]:
                # A line may stand more than once for a function, each with branches.
                key = (function, number, place[function, number])
                place[function, number] += 1
                self.branches[key] += branch["count"]

    def counts(self):
        return Counts(len(self.lines), sum(n > 0 for n in self.lines.values()),
                      len(self.branches), sum(n > 0 for n in self.branches.values()))

    def missed(self):
        """(line, branches not taken, branches), or (line, None, None) where it was not run."""
        taken = collections.defaultdict(list)
        for (_, number, _), count in self.branches.items():
            taken[number].append(count > 0)
        for number in sorted(self.lines):
            if self.lines[number] == 0:
                yield number, None, None
            elif not all(taken[number]):
                yield number, taken[number].count(False), len(taken[number])


def assert_lines(path):
    """The lines of each assert(), to the ';' that ends it."""
    found, inside = set(), False
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            inside = inside or re.match(r"\s*assert\(", line) is not None
            if inside:
                found.add(number)
                inside = not line.rstrip().endswith(";")
    return found


def measure():
    sources = {}
    notes = sorted(glob.glob(os.path.join(BUILD, "**", "*.gcno"), recursive=True))
    # What is left of a source that is gone counts nothing.
    notes = [n for n in notes if os.path.exists(os.path.relpath(n, BUILD)[:-4] + "c")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for document in pool.map(gcov, notes):
            for file in document["files"]:
                path = os.path.normpath(file["file"])
                if is_ours(path):
                    sources.setdefault(path, Source(path)).add(file["lines"])
    return sources


def expand(run):
    """The tests that a pattern of RUNS names."""
    if "*" not in run:
        return [run]
    found = sorted(glob.glob(os.path.join("tests", run + ".c")))
    return [os.path.relpath(path, "tests")[:-2] for path in found]


def run_tests(more):
    for path in glob.glob(os.path.join(BUILD, "**", "*.gcda"), recursive=True):
        os.unlink(path)
    os.environ.setdefault("FAULTS", FAULTS)
    # A folder that runs as a whole runs once.
    runs = [found for run in RUNS for found in expand(run)]
    sections = [r for r in runs if r.split("/")[0] not in more] + more
    return subprocess.run(["tests/check/run-tests.sh", "coverage", *sections],
                          check=False).returncode == 0


def percent(run, of):
    """Rounded down: what is just under a limit does not look as if it were there."""
    return "%6.2f" % (10000 * run // of / 100) if of else "     -"


def line_of(name, counts, note=""):
    return "  %-36s %5d %s %%  %5d %s %%%s" % (
        name, counts.lines, percent(counts.lines_run, counts.lines),
        counts.branches, percent(counts.branches_run, counts.branches), note)


def total(all_counts):
    return Counts(*(sum(column) for column in zip(*all_counts))) if all_counts else Counts(
        0, 0, 0, 0)


def belongs(path, judged):
    return path == judged or path.startswith(judged + "/")


def falls_short(counts):
    return (counts.lines == 0 or 100 * counts.lines_run < LINES_PERCENT_MIN * counts.lines or
            100 * counts.branches_run < BRANCHES_PERCENT_MIN * counts.branches)


def print_files(sources):
    print("  %-36s %5s %8s  %7s %7s" % ("", "lines", "run", "branches", "taken"))
    for path in sorted(sources):
        if sources[path].lines:
            print(line_of(path, sources[path].counts()))


def print_worst(sources):
    def left(source):
        counts = source.counts()
        return counts.branches - counts.branches_run

    print("\nmost branches that were not taken")
    judged = [s for s in sources.values() if any(belongs(s.path, j) for j in JUDGED)]
    for source in sorted(judged, key=lambda s: (-left(s), s.path))[:WORST_FILES]:
        print("  %-36s %5d of %d" % (source.path, left(source), source.counts().branches))


def print_folders(sources):
    """False: one of them has too little."""
    folders = sorted({os.path.dirname(path) for path in sources} - set(JUDGED))
    good = True
    print("\nfolders that are not judged")
    for folder in folders:
        print(line_of(folder, total([s.counts() for p, s in sources.items()
                                     if os.path.dirname(p) == folder])))
    print("\nat least %d %% of the lines and %d %% of the branches"
          % (LINES_PERCENT_MIN, BRANCHES_PERCENT_MIN))
    for judged in JUDGED:
        counts = total([s.counts() for p, s in sources.items() if belongs(p, judged)])
        short = falls_short(counts)
        good = good and not short
        print(line_of(judged, counts, "  TOO LITTLE" if short else ""))
    return good


def print_missed(sources, prefix):
    print("\nnot run of %s" % prefix)
    for path in sorted(p for p in sources if p.startswith(prefix)):
        with open(path, encoding="utf-8") as file:
            text = file.read().split("\n")
        for number, missed, of in sources[path].missed():
            said = "not run" if missed is None else "%d of %d" % (missed, of)
            print("%s:%d: %-8s %s" % (path, number, said, text[number - 1].strip()))


def main():
    os.chdir(ROOT)
    passed = run_tests(os.environ.get("WITH", "").split()) if sys.argv[1:] != ["again"] else True
    sources = measure()
    print_files(sources)
    print_worst(sources)
    if os.environ.get("MISSED"):
        print_missed(sources, os.environ["MISSED"])
    good = print_folders(sources)
    if not passed:
        print("coverage: a test failed")
    if not good:
        print("coverage: too little of what is judged was run")
    sys.exit(0 if good and passed else 1)


main()
