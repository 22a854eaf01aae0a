#!/bin/sh
# test_catalogue_prices.sh: every price of genai-prices and of Langfuse's list a second time.
# The catalogue is read by its own rules and the book by toll-pricebook(5)'s, both here and with
# exact fractions, at each side of every threshold, date and hour; a price that is not in the
# book must be in the report.  The files are those of $TOLL_DATA, else ../shared/data, which is
# not part of the project.
set -eu
build=${TOLL_BUILD:-build/release}
data=${TOLL_DATA:-../shared/data}/prices
folder=$(mktemp -d build/catalogue-XXXXXX)
trap 'rm -rf "$folder"' EXIT

# CODE WORDS COMMAND...: it ends so, and says so.
expect()
{
	wanted=$1 words=$2
	shift 2
	code=0
	"$build/toll" "$@" >"$folder/out" 2>"$folder/talk" || code=$?
	if [ "$code" -ne "$wanted" ] || ! cat "$folder/out" "$folder/talk" | grep -q "$words"; then
		echo "toll $*: exit code $code, not $wanted, or not \"$words\":"
		cat "$folder/out" "$folder/talk"
		exit 1
	fi
}

# One provider of a small catalogue, and what is said where there is none.
prices='"prices":{"input_mtok":1}'
cat >"$folder/two.json" <<end
[{"id":"p","models":[{"id":"m","match":{"equals":"m"},$prices}]},
 {"id":"q","models":[{"id":"m","match":{"equals":"n"},$prices}]}]
end
echo '[{"modelName":"m","matchPattern":"^m$","pricingTiers":[]}]' >"$folder/one.json"
expect 0 '"model": "q/m"' price import --from genai-prices "$folder/two.json"
expect 0 '"model": "m"' price import --from genai-prices --provider q "$folder/two.json"
if grep -q '"p/m"\|"q/m"' "$folder/out"; then
	echo "--provider q: the names of several providers"
	exit 1
fi
expect 3 'no provider has the id r' \
	price import --from genai-prices --provider r "$folder/two.json"
expect 3 'it looks like genai-prices' price import --from langfuse "$folder/two.json"
expect 3 'not divided by provider' \
	price import --from langfuse --provider q "$folder/one.json"
expect 0 'genai-prices' formats
expect 0 'langfuse' formats

check()
{
	form=$1 file=$data/$2 provider=${3-}
	if [ ! -f "$file" ]; then
		echo "SKIPPED: no $file"
		return
	fi
	# 1: some of the catalogue is not in the book, as both have.
	code=0
	"$build/toll" price import --from "$form" "$file" -o "$folder/book.json" \
		--report "$folder/report.json" ${provider:+--provider "$provider"} \
		2>"$folder/talk" || code=$?
	if [ "$code" -gt 1 ]; then
		cat "$folder/talk"
		exit 1
	fi
	"$build/toll" price lint "$folder/book.json" >/dev/null
	/usr/bin/python3 "$folder/second.py" "$form" "$file" "$folder" "$provider"
}

cat >"$folder/second.py" <<'end'
import json, re, sys
from fractions import Fraction

form, catalogue, folder, provider = sys.argv[1:]
data = json.load(open(catalogue), parse_float=Fraction, parse_int=Fraction)
book = json.load(open(folder + "/book.json"))
report = json.load(open(folder + "/report.json"))
REFUSED = {(r["model"], r["key"]) for r in report["rows"] if r["kind"] == "not_representable"}

# ---- the book ----

names, patterns = {}, []
for model in book["models"]:
    for name in [model["model"]] + model.get("aliases", []):
        if "*" in name:
            patterns.append((name, model))
        else:
            assert name not in names, name
            names[name] = model


def find(name):
    fit = [p for p in patterns
           if re.fullmatch(".*".join(map(re.escape, p[0].split("*"))), name, re.S)]
    return names.get(name) or (max(fit, key=lambda p: len(p[0]))[1] if fit else None)


def minutes(time):
    return int(time[:2]) * 60 + int(time[3:5])


def holds(when, at):
    for key, value in when.items():
        if key == "context":
            (test, tokens), = value.items()
            fits = at["context"] > tokens if test == "gt" else at["context"] >= tokens
        elif key == "utc":
            start, end, now = minutes(value["from"]), minutes(value["to"]), minutes(at["time"])
            fits = start <= now < end if start < end else now >= start or now < end
        elif key == "tier":
            fits = at["tier"] == value
        else:
            raise SystemExit("a condition of no catalogue here: " + key)
        if not fits:
            return False
    return True


def booked(model, at):
    """Component: price of one unit."""
    moment = at["date"] + "T" + at["time"] + ":00.000Z"
    version = [v for v in model["versions"] if v["effective_from"] <= moment][-1]
    found = {}
    for rate in version["rates"]:
        if holds(rate.get("when", {}), at):
            million = "per_million" in rate
            price = Fraction(rate["per_million" if million else "each"])
            found[rate["component"]] = price / (1000000 if million else 1)
    for key, other in {**book.get("as", {}), **model.get("as", {})}.items():
        if all(r["component"] != key for r in version["rates"]) and other in found:
            found[key] = found[other]
    return found


compared = left_out = 0


def compare(what, expected, got):
    """expected: component: (price, (model, key) of the report)."""
    global compared, left_out
    for component, (price, row) in expected.items():
        if component in got:
            assert got[component] == price, (what, component, got[component], price)
            compared += 1
        else:
            assert row in REFUSED, (what, component, row)
            left_out += 1
    assert not got.keys() - expected.keys(), (what, got.keys() - expected.keys())


# ---- genai-prices ----

GENAI = {
    "input_mtok": ["input"], "input_audio_mtok": ["input_audio"],
    "cache_read_mtok": ["cache_read"], "cache_audio_read_mtok": ["cache_read_audio"],
    "cache_write_mtok": ["cache_write", "cache_write_5m"],
    "output_mtok": ["output", "reasoning"], "output_audio_mtok": ["output_audio"],
    "requests_kcount": ["requests"],
}


PARTS = {"input_image": "input", "input_video": "input", "input_tool": "input",
         "cache_read_image": "cache_read", "cache_read_video": "cache_read",
         "output_image": "output", "output_video": "output"}


def genai_active(prices, at):
    if isinstance(prices, dict):
        return "prices", prices
    for i, entry in reversed(list(enumerate(prices))):
        asked = entry.get("constraint") or {}
        if "start_date" in asked and at["date"] < asked["start_date"]:
            continue
        if "start_time" in asked and not (
                asked["start_time"] <= at["time"] + ":00Z" < asked["end_time"]):
            continue
        return "prices[%d].prices" % i, entry["prices"]
    return "prices[0].prices", prices[0]["prices"]


def genai_expected(name, prices, at, missing):
    path, active = genai_active(prices, at)
    expected = {}
    for key, price in active.items():
        if isinstance(price, dict):
            above = [t for t in price["tiers"] if at["context"] > t["start"]]
            price = max(above, key=lambda t: t["start"])["price"] if above else price["base"]
        price /= 1000 if key.endswith("_kcount") else 1000000
        for component in GENAI[key]:
            expected[component] = price, (name, path + "." + key)
    # Parts that have no key are in the whole, but where a remark says that they are not.
    for part, whole in {} if missing else PARTS.items():
        if whole in expected:
            expected[part] = expected[whole]
    return expected


NOW = {"date": "2026-08-01", "time": "12:00", "context": 0, "tier": "standard"}


def equals(clause):
    (key, value), = clause.items()
    if key == "or":
        return [name for inner in value for name in equals(inner)]
    return [value] if key == "equals" else []


def genai_matches(clause, name):
    (key, value), = clause.items()
    if key == "or":
        return any(genai_matches(inner, name) for inner in value)
    if key == "regex":
        return bool(re.search(value, name))
    fold, name = value.lower(), name.lower()
    return {"equals": name == fold, "starts_with": name.startswith(fold),
            "ends_with": name.endswith(fold), "contains": fold in name}[key]


def genai_model(maker, model):
    prefix = "" if provider else maker["id"] + "/"
    name = prefix + model["id"]
    if not model["prices"]:
        free = name.endswith(":free")
        assert (name in names) == free and ((name, "prices") in REFUSED) != free, name
        assert not free or not any(booked(find(name), NOW).values()), name
        return
    found = find(name)
    assert found["model"] == name, (name, found["model"])
    for alias in equals(model["match"]):
        first = next(m for m in maker["models"] if genai_matches(m["match"], alias))
        assert find(prefix + alias)["model"] == prefix + first["id"], alias
    text = json.dumps(model["prices"], default=str)
    missing = "Missing image token prices" in model.get("price_comments", "")
    dates = sorted(set(re.findall(r"\d{4}-\d\d-\d\d", text)))
    starts = sorted(set(map(int, re.findall(r'"start": "(\d+)"', text))))
    for date in ["2001-01-01"] + dates + ["2030-01-01"]:
        for time in ["00:00", "00:29", "00:30", "16:29", "16:30", "23:59"]:
            for context in [0] + [start + more for start in starts for more in (0, 1)]:
                at = {"date": date, "time": time, "context": context, "tier": "standard"}
                compare((name, at), genai_expected(name, model["prices"], at, missing),
                        booked(found, at))


def genai():
    for maker in data:
        if provider in ("", maker["id"]):
            for model in maker["models"]:
                genai_model(maker, model)
    if provider:
        return
    # A name without its provider belongs to a model that no other provider's answers to.
    for model in book["models"]:
        for name in [model["model"]] + model.get("aliases", []):
            owner = model["model"].split("/")[0]
            if name.startswith(owner + "/") or "*" in name:
                continue
            for maker in data:
                for other in maker["models"] if maker["id"] != owner else []:
                    assert not genai_matches(other["match"], name), (name, maker["id"])


# ---- Langfuse ----

LANGFUSE = {key: component for component, keys in {
    "input": "input input_text input_text_tokens input_tokens input_modality_1 "
             "promptTokenCount prompt_token_count",
    "input_audio": "input_audio input_audio_tokens", "input_image": "input_image",
    "cache_read": "input_cached_tokens input_cached_text_tokens input_cache_read "
                  "cache_read_input_tokens cached_content_token_count",
    "cache_read_audio": "input_cached_audio_tokens",
    "cache_write": "input_cache_creation cache_creation_input_tokens cache_write_tokens",
    "cache_write_5m": "input_cache_creation_5m", "cache_write_1h": "input_cache_creation_1h",
    "output": "output output_text output_text_tokens output_tokens output_modality_1 "
              "candidatesTokenCount candidates_token_count",
    "reasoning": "output_reasoning output_reasoning_tokens reasoning_tokens "
                 "thoughtsTokenCount thoughts_token_count",
    "output_audio": "output_audio output_audio_tokens",
    "searches": "webSearchQueries web_search_queries groundingQueries grounding_queries",
}.items() for key in keys.split()}


def langfuse_holds(condition, at):
    if "usageDetailPattern" in condition:
        assert condition["operator"] == "gt", condition
        return at["context"] > condition["value"]
    return at[condition["key"]] in condition["values"]


def langfuse_expected(entry, at):
    order = sorted(entry["pricingTiers"], key=lambda t: (t["isDefault"], t["priority"]))
    tier = next(t for t in order if all(langfuse_holds(c, at) for c in t["conditions"]))
    path = "pricingTiers[%d].prices." % entry["pricingTiers"].index(tier)
    expected = {}
    for key, price in tier["prices"].items():
        for component in ["input", "output"] if key == "total" else [LANGFUSE[key]]:
            assert expected.get(component, (price,))[0] == price, (entry["modelName"], key)
            expected[component] = price, (entry["modelName"], path + key)
    if "output" in expected and "total" not in tier["prices"]:
        expected.setdefault("reasoning", expected["output"])
    return expected


def langfuse():
    for entry in data:
        own = entry["modelName"]
        mine = [m for m in book["models"] if re.search(entry["matchPattern"], m["model"])]
        assert len(mine) <= 1, own
        if not mine:
            assert any(model == own for model, key in REFUSED), own
            continue
        for name in [mine[0]["model"]] + mine[0].get("aliases", []):
            assert re.search(entry["matchPattern"], name), (own, name)
        assert own in names or mine[0]["listing"]["name"] == own, own
        limits = {int(c["value"]) for t in entry["pricingTiers"] for c in t["conditions"]
                  if "value" in c}
        for tier in ["standard", "batch", "flex", "priority", "fast"]:
            for context in [0] + [limit + more for limit in limits for more in (0, 1)]:
                at = {"date": "2026-01-01", "time": "12:00", "context": context, "tier": tier,
                      "service_tier": tier, "speed": "standard"}
                compare((own, at), langfuse_expected(entry, at), booked(mine[0], at))


{"genai-prices": genai, "langfuse": langfuse}[form]()
assert compared > 1000, compared
print("%s %s: %d prices, %d left out and told" % (form, provider, compared, left_out))
end

check genai-prices genai_prices_data.json
check genai-prices genai_prices_data.json openai
check genai-prices genai_prices_data.json openrouter
check langfuse langfuse_default_model_prices.json
