#!/bin/sh
# test_catalogues.sh: whole catalogues that others published, read by toll and, a second way, by
# python: every value of the source is in the report once, every price in the book is the
# number of the source to the last digit, and what is not understood is known by name.
set -eu
build=${TOLL_BUILD:-build/release}
data=${TOLL_DATA:-../shared/data}/prices
if [ ! -d "$data" ]; then
	echo "skipped: no $data"
	exit 77
fi
folder=$(mktemp -d build/catalogues-XXXXXX)
trap 'rm -rf "$folder"' EXIT

python3 - "$build/toll" "$data" "$folder" <<'end'
import collections, json, re, subprocess, sys
from fractions import Fraction

toll, data, folder = sys.argv[1:]
bad = []


class Number(str):
    """The digits of a JSON number as they were written."""


def load(path):
    return json.load(open(path), parse_float=Number, parse_int=Number)


def run(name, source):
    book, report = f"{folder}/{name}.json", f"{folder}/{name}.report.json"
    done = subprocess.run([toll, "price", "import", "--from", name, source, "-o", book,
                           "--report", report], capture_output=True, text=True)
    if done.returncode != 1:
        sys.exit(f"{name}: exit code {done.returncode}: {done.stderr}")
    return json.load(open(book)), json.load(open(report))


def leaves(value, path):
    """What has no parts: texts, numbers, and what is empty."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for i, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{i}]")
    else:
        yield path


def covers(key, leaf):
    return leaf == key or (leaf.startswith(key) and (key == "" or leaf[len(key)] in ".["))


def check_coverage(name, report, entries, rest):
    """Each value of each entry stands under one row of the report, and no row is made up."""
    rows = collections.defaultdict(list)
    for row in report["rows"]:
        rows[row["model"] or ""].append(row["key"])
    kinds = {k: n for k, n in report["keys"].items() if k != "seen"}
    seen = report["keys"]["seen"]
    if not seen == sum(kinds.values()) == len(report["rows"]):
        bad.append(f"{name}: {seen} seen, {kinds}, {len(report['rows'])} rows")
    for kind, n in collections.Counter(r["kind"] for r in report["rows"]).items():
        if kinds[kind] != n:
            bad.append(f"{name}: {n} rows of {kind}, {kinds[kind]} counted")
    for model, entry in list(entries.items()) + [("", rest)]:
        keys = set(rows[model])
        if len(keys) != len(rows[model]):
            bad.append(f"{name}: {model}: a key is reported twice")
        used = set()
        for leaf in leaves(entry, ""):
            above = [leaf] + [leaf[:i] for i, c in enumerate(leaf) if c in ".["] + [""]
            hits = [k for k in above if k in keys and covers(k, leaf)]
            used.update(hits)
            if len(hits) != 1:
                bad.append(f"{name}: {model}: {leaf} is under {hits}")
        if used != keys:
            bad.append(f"{name}: {model}: made up: {sorted(keys - used)[:3]}")
    if set(rows) - set(entries) - {""}:
        bad.append(f"{name}: rows of no entry")


def expect(name, what, have, want):
    if have != want:
        bad.append(f"{name}: {what}: {have}, not {want}")


def status(report):
    return {(r["model"], r["key"]): r["kind"] for r in report["rows"]}


def rates_of(book):
    """model -> component, conditions -> the price of one unit"""
    result = {}
    for model in book["models"]:
        rates = result[model["model"]] = {}
        for rate in model["versions"][0]["rates"]:
            when = json.dumps(rate.get("when", {}), sort_keys=True)
            price = (Fraction(rate["per_million"]) / 10**6 if "per_million" in rate
                     else Fraction(rate["each"]) if "each" in rate
                     else Fraction(rate["per_megapixel"]) / 10**6)
            rates[rate["component"], when] = price
    return result


def when(**conditions):
    return json.dumps(conditions, sort_keys=True)


# --- LiteLLM ---

source = load(f"{data}/litellm_model_prices_2026-08-01.json")
book, report = run("litellm", f"{data}/litellm_model_prices_2026-08-01.json")
reserved = {"sample_spec", "fallback_generalizations"}
entries = {k: v for k, v in source.items() if k not in reserved}
check_coverage("litellm", report, entries, {k: source[k] for k in reserved})
expect("litellm", "entries", report["entries"], len(entries))
expect("litellm", "not understood", report["keys"]["not_understood"], 0)

BASES = {
    "input_cost_per_token": "input", "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read", "input_cost_per_token_cache_hit": "cache_read",
    "cache_creation_input_token_cost": "cache_write_5m",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "output_cost_per_reasoning_token": "reasoning", "input_cost_per_audio_token": "input_audio",
    "input_cost_per_image_token": "input_image", "output_cost_per_image_token": "output_image",
    "output_cost_per_audio_token": "output_audio", "input_cost_per_query": "searches",
    "input_cost_per_request": "requests", "ocr_cost_per_page": "pages",
}
SUFFIX = re.compile(r"(?:_above_(\d+)k_tokens)?(?:_(batches|priority|flex))?")
rates, kinds = rates_of(book), status(report)
checked = collections.Counter()
for name, entry in entries.items():
    for key, value in entry.items():
        base = max((b for b in BASES if key.startswith(b)), key=len, default=None)
        rest = SUFFIX.fullmatch(key[len(base):]) if base else None
        if rest is None or kinds[name, key] != "converted":
            continue
        conditions = {}
        if rest[1]:
            test = "gte" if entry.get("litellm_provider") == "xai" else "gt"
            conditions["context"] = {test: int(rest[1]) * 1000}
        if rest[2]:
            conditions["tier"] = {"batches": "batch"}.get(rest[2], rest[2])
        have = rates[name].get((BASES[base], when(**conditions)))
        if have is None or have != Fraction(value):
            bad.append(f"litellm: {name}.{key}: {have}, not {value}")
        checked[BASES[base]] += 1
# Pictures by their size: the price of all their pixels.
for name, entry in entries.items():
    parts = name.split("/")
    if "input_cost_per_pixel" not in entry or kinds[name, "input_cost_per_pixel"] != "converted":
        continue
    size = next((p for p in parts if re.fullmatch(r"\d+-x-\d+", p)), None)
    words = [p for p in parts if p in ("low", "medium", "high", "hd", "standard")]
    model = "/".join(p for p in parts if not size or (p != size and p not in words))
    conditions = {"size": size.replace("-", "")} if size else {}
    if size and words:
        conditions["quality"] = words[0]
    price = Fraction(entry["input_cost_per_pixel"])
    if rates[model].get(("images_out", when(**conditions))) != price:
        bad.append(f"litellm: {name}: not the price of a pixel")
    checked["pixel"] += 1
expect("litellm", "prices compared", dict(checked), {
    "input": 2778, "output": 2750, "cache_read": 967, "cache_write_5m": 263,
    "cache_write_1h": 133, "reasoning": 52, "input_audio": 122, "input_image": 21,
    "output_image": 34, "output_audio": 50, "searches": 25, "requests": 4, "pages": 11,
    "pixel": 17})
# What is not in the book is too fine, zero, or of the keys that are named here.
REASONS = ("zero, ", "needs more than 18 decimals", "images that are ", "the time that ",
           "for all that is larger", "the factor of fast mode", "tiers of something else",
           "sound is priced by its tokens", "sound and film are priced by their tokens",
           "characters ", "sound written to a cache", "sessions of a code interpreter",
           "annotated pages", "credits ", "tokens of citations", "the length of an interval",
           "a price of the same under other conditions", "another price of the same")
for row in report["rows"]:
    if row["kind"] == "not_representable" and not row["why"].startswith(REASONS):
        bad.append(f"litellm: an unknown reason: {row}")
    if row["kind"] == "not_representable" and row["why"].startswith("needs more"):
        value = Fraction(entries[row["model"]][row["key"]])
        nearest = Fraction(row["why"].split('"')[1])
        if value * 10**18 % 1 == 0 or abs(value - nearest) * 10**18 > Fraction(1, 2):
            bad.append(f"litellm: {row}: not the nearest")

# --- OpenRouter ---

source = load(f"{data}/openrouter_api_v1_models_2026-08-01.json")
book, report = run("openrouter", f"{data}/openrouter_api_v1_models_2026-08-01.json")
entries = {m["id"]: m for m in source["data"]}
expect("openrouter", "entries", report["entries"], len(source["data"]))
check_coverage("openrouter", report, entries, {k: v for k, v in source.items() if k != "data"})
expect("openrouter", "not understood", report["keys"]["not_understood"], 0)
KEYS = {"prompt": "input", "completion": "output", "input_cache_read": "cache_read",
        "input_cache_write": "cache_write_5m", "input_cache_write_1h": "cache_write_1h",
        "internal_reasoning": "reasoning", "audio": "input_audio", "image": "input_image",
        "audio_output": "output_audio", "input_audio_cache": "cache_read_audio",
        "image_output": "output_image", "web_search": "searches", "request": "requests"}
rates, kinds = rates_of(book), status(report)
checked, lost = collections.Counter(), collections.Counter()


def compare(model, prices, path, conditions):
    for key, value in prices.items():
        if key not in KEYS:
            continue
        price = Fraction(value)
        kind = kinds[model, f"{path}{key}"]
        have = rates.get(model, {}).get((KEYS[key], conditions))
        if kind == "converted":
            checked[key] += 1
            if have != price:
                bad.append(f"openrouter: {model}.{path}{key}: {have}, not {value}")
        else:
            lost[key] += 1
            if have is not None:
                bad.append(f"openrouter: {model}.{path}{key}: reported, and in the book")
            over = any(Fraction(o.get(key, "0")) * 10**18 % 1 != 0
                       for o in entries[model]["pricing"].get("overrides", []))
            zero = all(Fraction(v) == 0 for k, v in entries[model]["pricing"].items() if k in KEYS)
            if price >= 0 and price * 10**18 % 1 == 0 and not over and not zero:
                bad.append(f"openrouter: {model}.{path}{key}: {value} could be said")


for model, entry in entries.items():
    compare(model, entry["pricing"], "pricing.", when())
    for i, override in enumerate(entry["pricing"].get("overrides", [])):
        compare(model, override, f"pricing.overrides[{i}].",
                when(context={"gt": int(override["min_prompt_tokens"])}))
expect("openrouter", "prices compared", sum(checked.values()), 1252)
expect("openrouter", "prices left out", dict(lost), {
    "prompt": 11, "completion": 11, "input_cache_write": 14})
for model in source["data"]:
    if "-1" in model["pricing"].values() and model["id"] in rates:
        bad.append(f"openrouter: {model['id']} has a negative price and a rate")

# A catalogue is told by its form.
for name, file in (("openrouter", "litellm_model_prices_2026-08-01.json"),
                   ("litellm", "openrouter_api_v1_models_2026-08-01.json")):
    done = subprocess.run([toll, "price", "import", "--from", name, f"{data}/{file}"],
                          capture_output=True, text=True)
    if done.returncode != 3 or f"--from {file.split('_')[0]}" not in done.stderr:
        bad.append(f"{file} as {name}: {done.returncode} {done.stderr}")

print("\n".join(bad[:20]))
print(f"{len(bad)} differences")
sys.exit(1 if bad else 0)
end
