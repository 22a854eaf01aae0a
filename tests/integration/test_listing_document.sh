#!/bin/sh
# test_listing_document.sh: what is published for others is valid by their own rules.  The
# documents 2.4 are held against OpenRouter's schema (stripped of nothing) with its rule of
# identities, which no schema says; LiteLLM's keys are keys of LiteLLM's own map.
set -eu
build=${TOLL_BUILD:-build/release}
data=${TOLL_DATA:-../shared/data}
schema=$data/openrouter/list-models-v2.4.openapi.json
map=$data/prices/litellm_model_prices_2026-08-01.json
if [ ! -e "$schema" ] || [ ! -e "$map" ]; then
	echo "skipped: no $data"
	exit 77
fi
folder=$(mktemp -d build/listing-XXXXXX)
trap 'rm -rf "$folder"' EXIT

# Debian's own: another python3 of this machine need not have the library.
/usr/bin/python3 - "$build/toll" "$folder" "$schema" "$map" <<'end'
import copy, decimal, json, re, subprocess, sys
import jsonschema

toll, folder, schema, litellm = sys.argv[1:]
RICH, FLAT = "tests/support/publish_book.json", "tests/support/publish_flat_book.json"
SAMPLE = "packaging/pricebook.sample.json"


def export(form, book, *more):
    path = folder + "/out"
    run = subprocess.run([toll, "price", "export", "--format", form, "--at", "2026-11-30", book,
                          "-o", path, *more], capture_output=True, text=True)
    assert run.returncode in (0, 1), (run.returncode, run.stderr)
    assert (run.returncode == 1) == (": not written: " in run.stderr), run.stderr
    with open(path) as file:
        return json.load(file, parse_float=decimal.Decimal)


# --- OpenRouter 2.4 ---
api = json.load(open(schema))
validator = jsonschema.Draft202012Validator({
    "type": "object", "required": ["data"], "additionalProperties": False,
    "properties": {"data": {"type": "array",
                            "items": {"$ref": "#/components/schemas/ModelDocumentV2"}}},
    "components": api["components"]}, format_checker=jsonschema.FormatChecker())


def identities(document):
    scopes = [document] + document["input_modalities"] + document["output_modalities"]
    for scope in scopes:
        known = [tuple(entry.get(key) for key in (
            "type", "ttl_seconds", "utc_start", "utc_end")) + (entry.get("implicit", False),)
            for entry in scope.get("pricing", [])]
        assert len(known) == len(set(known)), known
        limits = [(c["type"], c["unit"], c.get("per")) for c in scope.get("capacity", [])]
        assert len(limits) == len(set(limits)), limits


def valid(document):
    # JSON has one kind of number; the library knows int, float and no Decimal.
    plain = json.loads(json.dumps(document, default=float))
    return [error.message for error in validator.iter_errors(plain)]


documents = 0
for book in (RICH, FLAT, SAMPLE):
    for more in ((), ("--partial",)):
        data = export("openrouter-v2.4", book, *more)
        assert not valid(data), valid(data)
        for document in data["data"]:
            identities(document)
            documents += 1
assert documents > 20, documents
# The validator can say no.
broken = copy.deepcopy(data)
broken["data"][0]["input_modalities"][0]["pricing"][0]["cost_usd"] = "8e-06"
assert valid(broken)

# --- the flat form ---
PRICES = {"prompt", "completion", "image", "request", "input_cache_read", "input_cache_write",
          "input_cache_write_1h", "internal_reasoning", "web_search", "audio", "audio_output",
          "input_audio_cache", "image_token", "image_output"}
flat = 0
for book in (RICH, FLAT, SAMPLE):
    for entry in export("openrouter-legacy", book, "--partial")["data"]:
        overrides = entry["pricing"].pop("overrides", [])
        for prices in [entry["pricing"]] + overrides:
            conditions = {key for key in prices if key not in PRICES}
            assert conditions in (set(), {"min_prompt_tokens"}, {"utc_start", "utc_end"},
                                  {"utc_start", "utc_end", "utc_days"}), prices
            for key in PRICES & set(prices):
                assert re.fullmatch(r"\d+(\.\d+)?", prices[key]), prices
        assert len(overrides) <= 2
        assert len({"min_prompt_tokens" in o for o in overrides}) <= 1, overrides
        flat += 1
assert flat > 10, flat

# --- LiteLLM ---
keys = set()
for entry in json.load(open(litellm)).values():
    keys.update(entry)
written = 0
for book in (RICH, FLAT, SAMPLE):
    for name, entry in export("litellm", book, "--partial").items():
        unknown = {re.sub(r"_above_\d+k_", "_above_200k_", key) for key in entry} - keys
        # LiteLLM reads these (get_model_info); its map has no model with them yet.
        assert unknown <= {"input_cost_per_video_token", "cache_read_input_image_token_cost"}, (
            name, unknown)
        written += len(entry)
assert written > 50, written
print("%d documents 2.4, %d flat entries and %d keys of LiteLLM are valid" % (
    documents, flat, written))
end
