#!/bin/sh
# test_schema.sh: what the programs take is what the JSON Schemas allow.  Every value of the
# sample price book and configuration is damaged in turn: the program's verdict and the
# schema's agree, but where a schema cannot say what is wrong (two names, an order, decimals).
# The examples of events in the manual are events of the schema, too.
set -eu
build=${TOLL_BUILD:-build/release}
folder=$(mktemp -d build/schema-XXXXXX)
trap 'rm -rf "$folder"' EXIT

# Debian's own: another python3 of this machine need not have the library.
/usr/bin/python3 - "$build" "$folder/case.json" <<'end'
import copy, json, os, re, subprocess, sys
import jsonschema

build, path = sys.argv[1:]
OTHERS = [None, True, -1, 0, 1.5, "", "x", "-0.5", "1e3", "2026-01-01", [], {}, ["x"], {"x": 1}]
# What no schema says: names that stand twice, what leans on other values, exactness, files.
BEYOND = ["stands twice", "not later than", "more than 18 decimals", "is too large",
          "priced as itself", "is itself priced", "prices", "same component and conditions",
          "the same path", "No such file", "is counted in", "a time is due",
          "longer than a socket's path", "not a regular file", "did you mean", "are the same",
          "leaves room for", "overlap those", "less than the whole price",
          "not later than effective_from", "the same components and conditions",
          "the same conditions as", "more than 12 decimals"]
# Of the facts of a listing:
BEYOND += ["min is above max", "the same type, unit and window"]


def damaged(value):
    """The value with one thing wrong, again and again."""
    for other in OTHERS:
        yield copy.deepcopy(other)
    if isinstance(value, dict):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
            for inner in damaged(value[key]):
                yield {**value, key: inner}
        yield {**value, "no_such_key": 1}
    elif isinstance(value, list):
        for i in range(min(len(value), 3)):
            for inner in damaged(value[i]):
                yield value[:i] + [inner] + value[i + 1:]
        yield value + value[:1]


def campaign(name, schema, sample, command):
    validator = jsonschema.Draft202012Validator(json.load(open(schema)))
    taken = refused = beyond = 0
    sample = json.load(open(sample))
    # A sanitizer's build takes a tenth of a second a start: of the larger sample every sixth.
    cases = list(damaged(sample))
    if os.environ.get("TOLL_MODE", "release") != "release" and len(cases) > 1000:
        cases = cases[::6]
    for case in [sample] + cases:
        with open(path, "w") as file:
            json.dump(case, file)
        run = subprocess.run(command + [path], capture_output=True, text=True)
        assert 0 <= run.returncode <= 3, (run.returncode, run.stderr, case)
        takes, allows = run.returncode == 0, validator.is_valid(case)
        said = run.stdout + run.stderr
        if takes == allows:
            taken, refused = taken + takes, refused + (not takes)
        elif allows and any(words in said for words in BEYOND):
            beyond += 1
        else:
            print("%s: the program %s, the schema %s: %s\n%s" % (
                name, "takes" if takes else "refuses", "allows" if allows else "refuses",
                json.dumps(case)[:2000], said))
            sys.exit(1)
    assert taken > 1 and refused > 100, (taken, refused)
    print("%s: %d taken and %d refused by both, %d beyond a schema" % (
        name, taken, refused, beyond))


campaign("price book", "schema/pricebook.schema.json", "packaging/pricebook.sample.json",
         [build + "/toll", "price", "lint"])
campaign("configuration", "schema/config.schema.json", "packaging/tolld.json",
         [build + "/tolld", "--check-config", "--config"])
campaign("feeds", "schema/config.schema.json", "packaging/tolld.feeds.json",
         [build + "/tolld", "--check-config", "--config"])

BEYOND += ["are both \"", "none is the \"time\"", "a row has one of \"time\"", "go together",
           "none is an amount or a count", "needs the \"component\"", "there is no time zone"]
campaign("mapping", "schema/statement-mapping.schema.json",
         "packaging/statement-mapping.sample.json", [build + "/toll", "statement", "check-mapping"])

# The example of toll-statement(5) is one; the words of the lists are those of the schema.
page = open("packaging/man/toll-statement.5").read().replace("\\-", "-")
example = page[page.index(".EX\n") + 4:page.index("\n.EE")]
schema = json.load(open("schema/statement-mapping.schema.json"))
jsonschema.Draft202012Validator(schema).validate(json.loads(example))
with open(path, "w") as file:
    file.write(example)
subprocess.run([build + "/toll", "statement", "check-mapping", path], check=True)
ignored, money, count, time, text = schema["$defs"]["column"]["oneOf"]


def words(file, macro, column):
    rows = re.findall(r"^%s\((.*)\)$" % macro, open(file).read(), re.M)
    return [re.findall(r'"[^"]*"|[A-Z0-9_]+', row)[column].strip('"') for row in rows]


fields = words("lib/statement/field.def", "F", 1)
kinds = words("lib/statement/field.def", "F", 2)
components = words("lib/usage/component.def", "C", 1)
of_kind = lambda *some: {f for f, k in zip(fields, kinds) if k in some}
assert set(money["properties"]["field"]["enum"]) == set(words("lib/statement/money.def", "M", 1))
assert set(count["properties"]["field"]["enum"]) == of_kind("COUNT") | set(components)
assert set(time["properties"]["field"]["enum"]) == of_kind("TIME")
assert set(text["properties"]["field"]["enum"]) == of_kind("TEXT", "FLAG", "WORD")
assert money["properties"]["unit"]["enum"] == words("lib/statement/unit.def", "U", 0)
assert time["properties"]["clock"]["enum"] == words("lib/statement/clock.def", "C", 1)

# The examples of toll-event(5), which the decoder's own test runs: the schema allows each.
page = open("packaging/man/toll-event.5").read().replace("\\e", "\\").replace("\\&", "")
validator = jsonschema.Draft202012Validator(json.load(open("schema/event.schema.json")))
allowed = 0
example = r"^\.Bd -literal.*\n((?:[^.].*\n)*)\.Ed\n(?:\.Pp\n)?(?=becomes|can be)"
for block in re.findall(example, page, re.M):
    event = json.loads("".join(line.strip() for line in block.splitlines()))
    for error in validator.iter_errors(event):
        sys.exit("the schema refuses %s: %s" % (json.dumps(event), error.message))
    allowed += 1
assert allowed > 35, allowed
assert not validator.is_valid({**event, "api": "no.such"})
assert not validator.is_valid({k: event[k] for k in event if k not in ("usage", "response", "sse")})
print("events: %d examples allowed" % allowed)
end
