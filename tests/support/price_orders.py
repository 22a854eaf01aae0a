#!/usr/bin/env python3
"""
Random events for a random book, and the same lines again in other orders: what a ledger adds up
must not depend on it.

    price_orders.py events SEED COUNT FOLDER
        FOLDER/book.json, FOLDER/events.ndjson with requests, phases of requests and lines that
        come twice, and FOLDER/total: what the priced ones come to, by price_oracle.py
    price_orders.py shuffle SEED FOLDER
        the lines of FOLDER/events.ndjson in another order, cut into FOLDER/part-N.ndjson of very
        different lengths; prints how many parts there are
    price_orders.py same FOLDER REPORT
        the total of a report (JSON) is that of FOLDER/total, or it says what is not
"""
import json
import random
import sys

import price_oracle as oracle

SOURCES = ["gw-1", "gw-2", "gw-3"]
PARTS_MAX = 12


def event_of(rng, number, vector):
    """The line that says what a vector says; None: such a line would say nothing."""
    counts = dict(vector["counts"])
    for kind in vector.get("kinds", []):
        counts.setdefault(kind["component"], kind["n"])
    images = [{"direction": c[len("images_"):], "n": counts.pop(c),
               **rng.choice([{}, {"size": "1024x1024"}, {"quality": "hd"}])}
              for c in oracle.IMAGES if counts.get(c)]
    counts = {c: n for c, n in counts.items() if n > 0 and c not in oracle.IMAGES + ["requests"]}
    if not counts and not images:
        return None
    event = {"id": "r-%d" % number, "source": rng.choice(SOURCES), "time": vector["at"],
             "account": vector.get("account", "acct_9"), "model": vector["model"], "api": "toll",
             "key": rng.choice(["k1", "k2"]), "status": rng.choice([200, 200, 200, 500])}
    if counts:
        event["usage"] = counts
    if images:
        event["images"] = images
    if vector.get("tier"):
        event["service_tier"] = vector["tier"]
    return event


def amount_of(book, event):
    """By the oracle, of what the line says."""
    vector = {"model": event["model"], "at": event["time"], "account": event["account"],
              "counts": {**event.get("usage", {}), "requests": int(event["status"] < 400)}}
    if "service_tier" in event:
        vector["tier"] = event["service_tier"]
    vector["kinds"] = [{"component": "images_" + image["direction"],
                        **{k: image[k] for k in image if k != "direction"}}
                       for image in event.get("images", [])]
    return oracle.amount(book, vector)


def phase_of(rng, event):
    """What was told of the same request while it ran: a part of its counts."""
    counts = {c: rng.randint(1, n) for c, n in event["usage"].items()}
    return {**event, "usage": counts, "settlement": "partial"}


def events(seed, count, folder):
    # A book that prices most of its requests, so that there is something to add up.
    for attempt in range(1000):
        maker = oracle.Maker(random.Random("%d/orders/%d" % (seed, attempt)))
        text, components = maker.book()
        book, edges = oracle.Book(text), maker.edges(text)
        if "accounts" in text and any("minimums" in v and "multipliers" in v
                                      for m in text["models"] for v in m["versions"]):
            break
    rng, total, lines, priced = maker.rng, oracle.Fraction(0), [], 0
    while len(lines) < count:
        event = event_of(rng, len(lines), maker.vector(0, text, components, edges))
        if event is None:
            continue
        amount = amount_of(book, event)
        priced += amount is not None
        total += amount or 0
        lines.append(event)
        if "usage" in event and rng.random() < 0.2:
            lines.append(phase_of(rng, event))
        if rng.random() < 0.1:
            lines.append(event)
    json.dump(text, open(folder + "/book.json", "w"))
    with open(folder + "/events.ndjson", "w") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")
    with open(folder + "/total", "w") as file:
        file.write(oracle.text_of(total))
    print("%d lines, %d of %d requests priced" % (
        len(lines), priced, len({(e["source"], e["id"]) for e in lines})))


def shuffle(seed, folder):
    rng = random.Random(seed)
    lines = open(folder + "/events.ndjson").readlines()
    rng.shuffle(lines)
    cuts = sorted(rng.sample(range(1, len(lines)), rng.randint(1, PARTS_MAX - 1)))
    parts = [lines[a:b] for a, b in zip([0] + cuts, cuts + [len(lines)])]
    if rng.random() < 0.5:
        parts.append(parts[0])  # imported again
    for number, part in enumerate(parts, 1):
        with open("%s/part-%d.ndjson" % (folder, number), "w") as file:
            file.writelines(part)
    print(len(parts))


def same(folder, report):
    """The amount of a report is the total of the oracle."""
    got = json.load(open(report))["total"]["amount"]
    want = open(folder + "/total").read()
    if oracle.Fraction(got or 0) != oracle.Fraction(want):
        sys.exit("the report comes to %s, the oracle to %s" % (got, want))


if __name__ == "__main__":
    words = sys.argv[1:]
    if len(words) == 4 and words[0] == "events":
        events(int(words[1]), int(words[2]), words[3])
    elif len(words) == 3 and words[0] == "shuffle":
        shuffle(int(words[1]), words[2])
    elif len(words) == 3 and words[0] == "same":
        same(words[1], words[2])
    else:
        sys.exit(__doc__)
