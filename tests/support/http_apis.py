"""APIs of providers as http_server.py plays them, in the shapes that their documentation has.

/apis/SCENARIO/PATH: answer(scenario, path, query, headers, body) is (status, headers, body).  Each
page is one day, so that two days are two pages.  SCENARIO: plain, or what goes wrong (SCENARIOS).
"""
import datetime
import json
import urllib.parse

KEY = "sk-test-secret-of-ours"
DAY = datetime.timedelta(days=1)
asked = {}  # how often, by scenario

MODEL = "acme/llama-4-70b"


def days(start, end):
    while start < end:
        yield start
        start += DAY


def at(seconds):
    return datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)


def seconds(moment):
    return int(moment.timestamp())


def rfc3339(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def paged(buckets, query, scenario):
    """One bucket a page, as limit=1 would have it."""
    page = query.get("page", ["page_0="])[0]
    index = int(page[5:-1])
    more = index + 1 < len(buckets)
    following = "page_%d=" % (index + 1) if more else None
    if scenario == "short":
        more, following = False, None
    if scenario == "loop" and not more:
        more, following = True, "page_1="
    return {"object": "page", "data": buckets[index : index + 1], "has_more": more,
            "next_page": following}


def openai(path, query, scenario):
    usage = {"object": "organization.usage.%s.result" % path.split("/")[-1],
             "input_tokens": 1000, "input_cached_tokens": 400, "input_cache_write_tokens": 0,
             "input_uncached_tokens": 600, "output_tokens": 500, "num_model_requests": 5,
             "project_id": "proj_abc", "user_id": None, "api_key_id": "key_abc", "model": MODEL,
             "batch": False, "service_tier": "default"}
    kinds = {"audio_speeches": {"characters": 45}, "audio_transcriptions": {"seconds": 20},
             "images": {"images": 2}}
    kind = path.split("/")[-1]
    if kind in ("embeddings", "moderations"):
        usage.update(model="acme/" + kind, output_tokens=0, input_cached_tokens=0)
    result = usage
    if kind in kinds or kind in ("web_search_calls", "file_search_calls"):
        result = {"object": usage["object"], "num_model_requests": 1, "project_id": "proj_abc",
                  "api_key_id": "key_abc", "model": MODEL, **kinds.get(kind, {"num_requests": 2})}
        result["object"] = result["object"].replace("_search_calls", "_searches")
    if kind == "costs":
        result = {"object": "organization.costs.result", "amount": {"value": 0.06,
                  "currency": "usd"}, "line_item": "gpt-5.5, input", "project_id": "proj_abc",
                  "api_key_id": None, "quantity": 10000, "quantity_unit": "tokens"}
    buckets = [{"object": "bucket", "start_time": seconds(day), "end_time": seconds(day + DAY),
                "results": [result]}
               for day in days(at(query["start_time"][0]), at(query["end_time"][0]))]
    return paged(buckets, query, scenario)


def anthropic(path, query, scenario):
    if path.endswith("cost_report"):
        result = {"amount": "123.78912", "context_window": "0-200k", "cost_type": "tokens",
                  "currency": "USD", "description": "Claude Opus 5 Usage - Input Tokens",
                  "inference_geo": "global", "model": "claude-opus-5", "service_tier": "standard",
                  "token_type": "uncached_input_tokens", "workspace_id": "wrkspc_1"}
    else:
        result = {"uncached_input_tokens": 1500,
                  "cache_creation": {"ephemeral_1h_input_tokens": 1000,
                                     "ephemeral_5m_input_tokens": 500},
                  "cache_read_input_tokens": 200, "output_tokens": 500,
                  "server_tool_use": {"web_search_requests": 10}, "model": "claude-opus-5",
                  "workspace_id": "wrkspc_1", "api_key_id": "apikey_1",
                  "service_tier": "standard", "context_window": "0-200k"}
    start, end = (datetime.datetime.fromisoformat(query[name][0].replace("Z", "+00:00"))
                  for name in ("starting_at", "ending_at"))
    buckets = [{"starting_at": rfc3339(day), "ending_at": rfc3339(day + DAY), "results": [result]}
               for day in days(start, end)]
    return paged(buckets, query, scenario)


def openrouter(path, query, body):
    if path.endswith("/activity"):
        return {"data": [{"date": query["date"][0], "model": MODEL, "model_permaslug": MODEL,
                          "endpoint_id": "550e8400-e29b-41d4-a716-446655440000",
                          "provider_name": "Acme", "requests": 5, "prompt_tokens": 50,
                          "completion_tokens": 125, "reasoning_tokens": 25, "usage": 0.015,
                          "byok_usage_inference": 0.012}]}
    if path.endswith("/generation"):
        if query["id"][0] == "gen-unknown":
            return None
        return {"data": {"id": query["id"][0], "upstream_id": "up-" + query["id"][0],
                         "request_id": "req-" + query["id"][0],
                         "created_at": "2025-08-01T10:00:00.123456+00:00",
                         "model": MODEL, "provider_name": "Acme", "is_byok": False,
                         "cancelled": False, "streamed": True, "finish_reason": "stop",
                         "native_finish_reason": "stop", "tokens_prompt": 10,
                         "tokens_completion": 25, "native_tokens_prompt": 10,
                         "native_tokens_completion": 25, "native_tokens_cached": 3,
                         "native_tokens_reasoning": 5, "num_search_results": None,
                         "total_cost": 0.0015, "usage": 0.0015,
                         "upstream_inference_cost": None, "cache_discount": None,
                         "service_tier": None}}
    question = json.loads(body)
    row = {name: "12" for name in question["metrics"]}
    row.update({"credits_usage": 0.005, "byok_usage": 0, "usage_data": -0.001, "usage_web": None})
    row.update({"date__day": question["time_range"]["start"][:10], "model": MODEL,
                "api_key_id": "batch-pipeline"})
    return {"data": {"data": [row], "metadata": {"query_time_ms": 17, "row_count": 1,
                                                 "truncated": False}}}


def litellm(query):
    start = query["start_date"][0][:10]
    end = query["end_date"][0][:10]
    return [{"request_id": "chatcmpl-" + day, "call_type": "acompletion", "api_key": "hash-1",
             "spend": 1.5e-07, "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
             "startTime": moment, "endTime": moment, "model": MODEL, "user": "u", "team_id": "t",
             "end_user": "acct", "custom_llm_provider": "acme", "metadata": {},
             "cache_hit": "False"}
            for day, moment in ((start, start + "T10:00:00.123000Z"),
                                (end + "-0", end + "T00:00:00Z"))]


def data(scenario, path, query, body):
    if path.startswith("/v1/organization/"):
        return openai(path, query, scenario)
    if path.startswith("/v1/organizations/"):
        return anthropic(path, query, scenario)
    if path.startswith("/api/v1/"):
        return openrouter(path, query, body)
    if path == "/spend/logs":
        return litellm(query)
    if path == "/spend/logs/v2":
        rows = litellm(query)
        return {"data": rows, "total": len(rows), "page": int(query["page"][0]),
                "page_size": int(query["page_size"][0]), "total_pages": 1,
                "total_is_capped": False}
    return None


def has_key(path, headers):
    if path.startswith("/v1/organizations/"):
        return (headers.get("x-api-key") == KEY and
                headers.get("anthropic-version") == "2023-06-01")
    return headers.get("authorization") == "Bearer " + KEY


def refuse(status, message, *headers):
    return status, list(headers), json.dumps({"error": {"message": message}}).encode()


def accident(scenario, count, ports):
    """What goes wrong instead of the answer; None: nothing, this time."""
    if scenario == "busy" and count <= 2:
        return refuse("429 Slow Down", "slow down", "Retry-After: 1")
    if scenario == "dead":
        return refuse("500 Oh", "oh no")
    if scenario == "echo":
        return refuse("401 No", "Incorrect API key provided: " + KEY)
    if scenario == "forbidden":
        return refuse("403 No", "Only management keys can perform this operation")
    if scenario == "html":
        return "404 No", ["Content-Type: text/html"], b"<html>" + KEY.encode()
    if scenario == "away":
        where = "http://127.0.0.1:%d/echo?stolen" % ports["other"]
        return "302 Found", ["Location: " + where], b""
    if scenario == "leak":
        return "200 OK", [], json.dumps({"data": [], "has_more": False, "key": KEY}).encode()
    if scenario == "nojson":
        return "200 OK", [], b"<html>please log in</html>"
    return None


def answer(scenario, path, query, headers, body, ports):
    """None: no answer comes, ever.  A body of a tuple (bytes, length): cut off."""
    asked[scenario] = asked.get(scenario, 0) + 1
    query = urllib.parse.parse_qs(query)
    if scenario in ("hang", "hang-too") and asked[scenario] == 2:
        return None
    wrong = accident(scenario, asked[scenario], ports)
    if wrong is not None:
        return wrong
    if not has_key(path, headers):
        return refuse("401 No", "Missing Authentication header")
    found = data(scenario, path, query, body)
    if found is None:
        return refuse("404 Not Found", "Generation not found")
    text = json.dumps(found).encode()
    if scenario == "other-period":
        text = text.replace(b"17540", b"17530")
    if scenario == "cut":
        return "200 OK", ["Content-Length: %d" % (len(text) + 100)], text
    return "200 OK", ["Content-Type: application/json"], text
