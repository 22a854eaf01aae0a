#!/usr/bin/env python3
"""
The amounts of toll-pricebook(5), computed a second time: from the prose of that page, with exact
fractions, and sharing nothing with the program.

    price_oracle.py generate SEED FIRST LAST VECTORS FOLDER
        random books number FIRST to LAST with all that a rate card can hold, and for each a file
        of so many requests with the amounts they must come to: FOLDER/book-N.json,
        FOLDER/vectors-N.ndjson
    price_oracle.py amounts BOOK VECTORS
        the amounts of the vectors of a file (one object a line), a line each

The words in quotation marks below are those of the page.
"""
import json
import random
import re
import sys
from datetime import datetime, timedelta, timezone
from fractions import Fraction

TOKENS_PROMPT = ["input", "input_audio", "input_image", "input_video", "input_tool", "cache_read",
                 "cache_read_audio", "cache_read_image", "cache_read_video", "cache_write_5m",
                 "cache_write_1h", "cache_write"]
TOKENS_ANSWER = ["output", "output_audio", "output_image", "output_video", "reasoning"]
TOKENS = TOKENS_PROMPT + TOKENS_ANSWER
IMAGES = ["images_in", "images_out"]
OTHERS = ["megapixels_out", "seconds", "characters", "pages", "searches"]
COMPONENTS = TOKENS + IMAGES + OTHERS + ["requests"]
CACHE = [c for c in TOKENS if c.startswith("cache_")]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MEGAPIXEL = 1000000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# ---- the oracle ----


def moment(text):
    """RFC 3339, or a date, a month or a year; in milliseconds."""
    if len(text) <= len("2026-11-22"):
        text += "-01-01T00:00:00Z"[3 * text.count("-"):]
    parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (parsed - EPOCH) // timedelta(milliseconds=1)


def starred(pattern):
    """'The star stands for any run of bytes, also for none.'"""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


def minute(text):
    return int(text[:2]) * 60 + int(text[3:])


def tier_served(said):
    """'An event that says none, or default, auto, on_demand or standard_only, is standard ...'"""
    said = (said or "").lower()
    if said in ("", "default", "auto", "on_demand", "standard_only"):
        return "standard"
    return {"on_demand_priority": "priority", "on_demand_flex": "flex"}.get(said, said)


class When:
    """Conditions: 'all must hold'."""

    def __init__(self, when):
        when = when or {}
        self.context = when.get("context")
        self.tier, self.region = when.get("tier"), when.get("region")
        self.utc = when.get("utc")
        if self.utc:
            self.begin = minute(self.utc["from"]) if "from" in self.utc else 0
            self.end = minute(self.utc["to"]) if "to" in self.utc else 24 * 60
            self.days = [DAYS.index(d) for d in self.utc.get("days", DAYS)]
        self.of_kind = {k: when[k] for k in ("size", "quality", "steps", "resolution", "kind",
                                             "ttl_seconds", "implicit") if k in when}

    def hour_fits(self, at):
        """The windows that began today and yesterday: one of them may hold the moment."""
        day, rest = divmod(at, 24 * 3600 * 1000)
        for began in (day, day - 1):
            weekday = (began + 3) % 7  # 1970-01-01 was a Thursday
            begin, end = began * 1440 + self.begin, began * 1440 + self.end
            if self.end < self.begin:
                end += 1440
            if weekday in self.days and begin * 60000 <= day * 86400000 + rest < end * 60000:
                return True
        return False

    def fits(self, request, kind):
        if self.context:
            if "gt" in self.context and not request.prompt > self.context["gt"]:
                return False
            if "gte" in self.context and not request.prompt >= self.context["gte"]:
                return False
        if self.tier is not None and self.tier != request.tier:
            return False
        if self.region is not None and self.region != request.region:
            return False
        if self.utc and not self.hour_fits(request.at):
            return False
        # 'What an event does not say meets only entries that do not ask for it.'
        return all(kind.get(word) == asked for word, asked in self.of_kind.items())


class Entry:
    def __init__(self, entry):
        self.component = entry["component"]
        self.when = When(entry.get("when"))
        self.per_pixel = None
        if "per_million" in entry:
            self.price = Fraction(entry["per_million"]) / 1000000
        elif "each" in entry:
            self.price = Fraction(entry["each"])
        else:
            self.price = Fraction(entry["per_megapixel"])
            self.per_pixel = entry.get("megapixels", "exact")

    def fits(self, request, kind):
        if self.per_pixel and pixels(kind) is None:
            return False  # 'to another one the entry does not fit'
        return self.when.fits(request, kind)

    def units(self, n, kind):
        """What the price is multiplied by."""
        if not self.per_pixel:
            return n
        if self.per_pixel == "exact":
            return n * Fraction(pixels(kind), MEGAPIXEL)
        whole, rest = divmod(pixels(kind), MEGAPIXEL)
        if self.per_pixel == "up":
            return n * (whole + (rest > 0))
        return n * (whole + (2 * rest >= MEGAPIXEL))


def pixels(kind):
    size = re.fullmatch(r"([0-9]+)(?:x|-x-)([0-9]+)", kind.get("size", ""))
    return int(size[1]) * int(size[2]) if size else None


def left_by(percent=None, to_user=None):
    """'10 per cent off is times 0.9.'"""
    if percent is not None:
        return 1 - Fraction(percent) / 100
    return 1 - Fraction(to_user) if to_user is not None else Fraction(1)


def entries_of(rates):
    """By component, the last one first."""
    entries = {}
    for entry in reversed(rates):
        entries.setdefault(entry["component"], []).append(Entry(entry))
    return entries


class Version:
    def __init__(self, book, model, version):
        self.model = model["model"]
        self.begins = moment(version["effective_from"])
        self.entries = entries_of(version["rates"])
        self.multipliers = [(Fraction(m["multiply"]), m.get("components", COMPONENTS),
                             When(m.get("when"))) for m in version.get("multipliers", [])]
        self.minimums = [(Fraction(m["charge"]), When(m.get("when")))
                         for m in version.get("minimums", [])]
        self.left = left_by(version.get("discount_percent"), version.get("discount_to_user"))
        self.as_other = {**book.get("as", {}), **model.get("as", {})}


class Agreed:
    def __init__(self, entry):
        self.account = entry["account"]
        self.models = [starred(m) for m in entry.get("models", ["*"])]
        self.begins = moment(entry["effective_from"])
        self.ends = moment(entry["effective_until"]) if "effective_until" in entry else None
        self.entries = entries_of(entry.get("rates", []))
        self.left = left_by(entry.get("discount_percent"))

    def fits(self, account, model, at):
        return (self.account == account and any(m.fullmatch(model) for m in self.models) and
                self.begins <= at and (self.ends is None or at < self.ends))


class Book:
    def __init__(self, book):
        self.names, self.patterns = {}, []
        for model in book["models"]:
            versions = [Version(book, model, v) for v in model["versions"]]
            self.names[model["model"]] = versions
            for alias in model.get("aliases", []):
                if "*" in alias:
                    self.patterns.append((alias, starred(alias), versions))
                else:
                    self.names[alias] = versions
        # 'The longest pattern that matches; of equal length, the one that stands first.'
        self.patterns.sort(key=lambda p: -len(p[0].encode()))
        self.agreed = [Agreed(a) for a in book.get("accounts", [])]

    def version(self, name, at):
        versions = self.names.get(name)
        if versions is None:
            versions = next((v for _, p, v in self.patterns if p.fullmatch(name)), [])
        return next((v for v in reversed(versions) if v.begins <= at), None)


class Request:
    def __init__(self, vector):
        self.model, self.at = vector["model"], moment(vector["at"])
        self.tier, self.region = tier_served(vector.get("tier")), vector.get("region")
        self.account = vector.get("account")
        counts = dict(vector.get("counts", {}))
        self.parts = []  # (component, n, kind)
        kinds = {}
        for kind in vector.get("kinds", []):
            self.parts.append((kind["component"], kind["n"], kind))
            kinds[kind["component"]] = kinds.get(kind["component"], 0) + kind["n"]
        for component, n in kinds.items():
            counts.setdefault(component, n)
        counts.setdefault("requests", 1)
        for component, n in counts.items():
            self.parts.append((component, n - kinds.get(component, 0), {}))
        self.parts = [p for p in self.parts if p[1] > 0]
        self.served = counts["requests"] > 0
        self.prompt = sum(counts.get(c, 0) for c in TOKENS_PROMPT)


def last_fitting(entries, component, request, kind):
    """'Of the entries of that component that fit, the last one in the array.'"""
    for entry in entries.get(component, ()):
        if entry.fits(request, kind):
            return entry
    return None


def rate_part(version, agreed, request, part):
    """The amount of one component or kind; None: it has no price."""
    component, n, kind = part
    also = agreed.entries if agreed else {}
    if component == "requests" and component not in version.entries and component not in also:
        return Fraction(0)  # 'Where a version has no entry for it there is none.'
    priced_as = [component]
    if component not in version.entries and component in version.as_other:
        priced_as.append(version.as_other[component])
    for name in priced_as:
        left = None
        entry = last_fitting(also, name, request, kind)  # they 'stand behind'
        if entry is None:
            entry = last_fitting(version.entries, name, request, kind)
            left = version.left * agreed.left if agreed else version.left
        if entry is not None:
            break
    if entry is None:
        return None
    amount = entry.price * entry.units(n, kind)
    if left is not None and left != 1:
        amount *= left
    for factor, components, when in version.multipliers:
        # 'One for a component also multiplies what is priced as that component.'
        if (component in components or name in components) and when.fits(request, {}):
            amount *= factor
    return amount


def amount(book, vector):
    """The amount of a vector; None where it has no price."""
    request = Request(vector)
    version = book.version(request.model, request.at)
    if not request.parts:
        return Fraction(0)
    if version is None:
        return None
    agreed = next((a for a in reversed(book.agreed)
                   if a.fits(request.account, version.model, request.at)), None)
    total = Fraction(0)
    for part in request.parts:
        one = rate_part(version, agreed, request, part)
        if one is None:
            return None
        total += one
    minimum = next((charge for charge, when in reversed(version.minimums)
                    if when.fits(request, {})), None)
    if request.served and minimum is not None and total < minimum:
        total = minimum
    return total


def text_of(exact):
    if exact is None:
        return "unpriced"
    attos = exact * 10 ** 18
    assert attos.denominator == 1, "more than 18 decimals: %s" % exact
    whole, rest = divmod(attos.numerator, 10 ** 18)
    return ("%d.%018d" % (whole, rest)).rstrip("0").rstrip(".")

# ---- the generator ----


SIZES = ["1024x1024", "512x512", "1024x1792", "1000x1000", "1000x500", "1000x1001", "1x1",
         "2048-x-2048", "707x707", "708x707", "hd720", "auto"]
WORDS = {"size": SIZES, "quality": ["hd", "standard", "high"], "steps": [1, 20, 50],
         "resolution": ["720p", "1080p"], "kind": ["web_search", "low", "audio", "video"],
         "ttl_seconds": [60, 600, 86400], "implicit": [True, False]}
KINDS_OF = {"images_in": ["size", "quality", "steps"], "images_out": ["size", "quality", "steps"],
            "searches": ["kind"], "seconds": ["kind", "resolution"],
            "cache_write": ["ttl_seconds", "implicit"]}
KINDS_OF.update({c: ["implicit"] for c in CACHE if c != "cache_write"})
TIERS = ["standard", "batch", "flex", "priority", "scale"]
TIERS_SAID = [None, "", "default", "auto", "on_demand", "standard_only", "Standard", "BATCH",
              "batch", "flex", "Priority", "ON_DEMAND_PRIORITY", "ON_DEMAND_FLEX", "scale",
              "other"]
REGIONS = ["us", "eu", "US"]
ACCOUNTS = ["acct_1", "acct_2", "Acct_1"]
THRESHOLDS = [0, 1, 200, 1000, 128000, 200000]
MINUTES = ["00:00", "00:30", "08:00", "12:00", "16:30", "23:59"]
AS_OTHER = [("reasoning", "output"), ("cache_write", "cache_write_5m"), ("input_image", "input"),
            ("input_tool", "input"), ("cache_read_audio", "cache_read"),
            ("output_image", "output"), ("images_in", "images_out"),
            ("cache_read_image", "cache_read")]


class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.decimals = 0  # that multipliers and discounts may add to those of a price

    def some(self, items, most):
        return self.rng.sample(items, self.rng.randint(0, min(most, len(items))))

    def when(self, component=None):
        rng, when = self.rng, {}
        of_kind = KINDS_OF.get(component, [])
        if rng.random() < 0.35:
            when["context"] = {rng.choice(["gt", "gte"]): rng.choice(THRESHOLDS)}
        if rng.random() < 0.3:
            when["tier"] = rng.choice(TIERS)
        if rng.random() < 0.2:
            when["region"] = rng.choice(REGIONS)
        if rng.random() < 0.25:
            when["utc"] = self.utc()
        for word in of_kind:
            if rng.random() < 0.5:
                when[word] = rng.choice(WORDS[word])
        return when

    def utc(self):
        utc = {}
        if self.rng.random() < 0.8:
            utc["from"], utc["to"] = self.rng.sample(MINUTES, 2)
        if not utc or self.rng.random() < 0.5:
            utc["days"] = self.rng.sample(DAYS, self.rng.randint(1, 6))
        return utc

    def decimal(self, most, decimals):
        """A decimal string below `most`, often with all the decimals it may have."""
        decimals = self.rng.choice([decimals, self.rng.randint(0, max(decimals, 0)), 0])
        digits = self.rng.randint(0, most * 10 ** decimals - 1)
        if self.rng.random() < 0.05:
            digits = 0
        text = str(digits).rjust(decimals + 1, "0")
        return text[:len(text) - decimals] + ("." + text[len(text) - decimals:] if decimals else "")

    def entry(self, component, when):
        entry = {"component": component}
        if component in TOKENS and self.rng.random() < 0.9:
            entry["per_million"] = self.decimal(100, min(12 - self.decimals, 12))
        elif component in IMAGES and self.rng.random() < 0.5:
            entry["per_megapixel"] = self.decimal(2, 12 - self.decimals)
            rounding = self.rng.choice([None, "exact", "up", "nearest"])
            if rounding:
                entry["megapixels"] = rounding
        else:
            entry["each"] = self.decimal(1, min(18 - self.decimals, 18))
        if when:
            entry["when"] = when
        return entry

    def rates(self, components, extra):
        """General ones first, then special ones, as the page wants it; some in disorder."""
        rng = self.rng
        wanted = [(c, {}) for c in components if rng.random() < 0.98]
        wanted += [(c, self.when(c)) for c in rng.choices(components, k=extra)]
        if not wanted:
            wanted = [(components[0], {})]
        if rng.random() < 0.2:
            rng.shuffle(wanted)
        rates, seen = [], set()
        for component, when in wanted:
            # Two that ask the same are an error; days in another order ask the same.
            same = json.loads(json.dumps(when))
            if "days" in same.get("utc", {}):
                same["utc"]["days"].sort()
            if same.get("utc") == {"from": "00:00", "to": "00:00"}:
                del same["utc"]
            key = component + json.dumps(same, sort_keys=True)
            if key not in seen:
                seen.add(key)
                rates.append(self.entry(component, when))
        return rates

    def percent(self):
        text = self.rng.choice(["10", "33", "12.5", "-5", "0", "99", "50"])
        return text, 3 if "." in text else 2

    def factors(self, version, components):
        """Multipliers, discount, minimums; returns how many decimals they add."""
        rng, decimals = self.rng, 0
        if rng.random() < 0.5:
            version["multipliers"] = []
            for _ in range(rng.randint(1, 3)):
                one = {"multiply": rng.choice(["0.5", "1.1", "2", "0.25", "0", "3.5", "0.9"])}
                decimals += len(one["multiply"].partition(".")[2])
                if rng.random() < 0.5:
                    one["components"] = rng.sample(components, rng.randint(1, len(components)))
                when = self.when() if rng.random() < 0.8 else {}
                if when:
                    one["when"] = when
                # Two that ask the same of the same components are an error.
                if all(json.dumps([one.get("when"), sorted(one.get("components", COMPONENTS))],
                                  sort_keys=True) !=
                       json.dumps([m.get("when"), sorted(m.get("components", COMPONENTS))],
                                  sort_keys=True) for m in version["multipliers"]):
                    version["multipliers"].append(one)
        if rng.random() < 0.3:
            version["discount_percent"], more = self.percent()
            decimals += more
        elif rng.random() < 0.2:
            version["discount_to_user"] = rng.choice(["0.1", "0.25", "-0.5", "0"])
            decimals += 2
        if rng.random() < 0.4:
            version["minimums"] = []
            for when in [{}] + [self.when() for _ in range(rng.randint(0, 2))]:
                one = {"charge": self.decimal(1, rng.choice([2, 4, 18]))}
                if when:
                    one["when"] = when
                if all(one.get("when") != m.get("when") for m in version["minimums"]):
                    version["minimums"].append(one)
        return decimals

    def moment(self, day_from, day_to):
        day = EPOCH + timedelta(days=self.rng.randint(day_from, day_to))
        return self.rng.choice([day.strftime("%Y-%m-%d"), day.strftime("%Y-%m-%dT00:00:00Z"),
                                day.strftime("%Y-%m-%dT13:45:59.123Z")])

    def account(self, name, models, begins, ends, components):
        entry = {"account": name, "effective_from": begins}
        if models:
            entry["models"] = models
        if ends:
            entry["effective_until"] = ends
        if self.rng.random() < 0.7:
            entry["rates"] = self.rates(self.some(components, 4) or components[:1], 3)
        if "rates" not in entry or self.rng.random() < 0.4:
            entry["discount_percent"] = self.percent()[0]
        return entry

    def accounts(self, names, components):
        """For each account, times one after the other, of this list of models and of others."""
        entries = []
        for name in self.some(ACCOUNTS, 3):
            for models in self.some([None, names[:1], names[-1:] + ["other-*"], ["acme/*"]], 3):
                begins, later = sorted([self.moment(20000, 20400), self.moment(20401, 20700)],
                                       key=moment)
                entries.append(self.account(name, models, begins, later, components))
                if self.rng.random() < 0.5:
                    entries.append(self.account(name, models, later, None, components))
        self.rng.shuffle(entries)
        return entries

    def book(self):
        rng = self.rng
        components = rng.sample(COMPONENTS[:-1], rng.randint(2, 12))
        as_other = self.some(AS_OTHER, 4)
        components = list(dict.fromkeys(components + [c for pair in as_other for c in pair]))
        if rng.random() < 0.6:
            components.append("requests")
        names = ["acme/m-%d" % i for i in range(rng.randint(1, 5))]
        versions = [self.dates(rng.randint(1, 3)) for _ in names]
        self.decimals = 3 + max(self.factors(v, components) for vs in versions for v in vs)
        # Those that are priced as another have seldom entries of their own.
        own = [c for c in components if c not in dict(as_other) or rng.random() < 0.2]
        for version in (v for vs in versions for v in vs):
            version["rates"] = self.rates(own, rng.randint(0, 14))
        models = [{"model": n, "versions": vs} for n, vs in zip(names, versions)]
        for model, aliases in zip(models, self.aliases(names)):
            model["aliases"] = aliases
            if rng.random() < 0.5:
                model["as"] = dict(self.some(as_other, 4))
        book = {"pricebook": 1, "currency": "USD", "models": models}
        if rng.random() < 0.7:
            book["as"] = dict(as_other)
        accounts = self.accounts(names, components) if rng.random() < 0.8 else []
        if accounts:
            book["accounts"] = accounts
        return book, components

    def dates(self, count):
        begins = sorted({self.rng.randint(20000, 20600) for _ in range(count - 1)} |
                        {self.rng.randint(19900, 20100)})
        return [{"effective_from": self.moment(day, day)} for day in begins]

    def aliases(self, names):
        """Each alias once in the book: plain ones, and patterns of several lengths."""
        patterns = ["acme/m-*", "acme/*", "*-turbo", "acme/m-*-turbo", "*", "acme/*turbo", "a*m*o"]
        self.rng.shuffle(patterns)
        lists = [["short-%d" % i] + ["%s-v*" % n] * (self.rng.random() < 0.5)
                 for i, n in enumerate(names)]
        for pattern in patterns[:self.rng.randint(0, len(patterns))]:
            self.rng.choice(lists).append(pattern)
        return lists

    # ---- requests ----

    def edges(self, book):
        """Where something begins or ends to hold: moments in milliseconds."""
        edges = [moment(v["effective_from"]) for m in book["models"] for v in m["versions"]]
        for entry in book.get("accounts", []):
            edges += [moment(entry[k]) for k in ("effective_from", "effective_until")
                      if k in entry]
        for text in MINUTES:
            edges.append((self.rng.randint(20100, 20700) * 1440 + minute(text)) * 60000)
        return edges

    def at(self, edges):
        rng = self.rng
        ms = rng.randint(20050 * 86400000, 20700 * 86400000)
        if rng.random() < 0.5:
            ms = rng.choice(edges) + rng.choice([-1, 0, 1])
        elif rng.random() < 0.7:
            ms = (ms // 86400000 * 1440 + minute(rng.choice(MINUTES))) * 60000
            ms += rng.choice([-1, 0, 1, -60000, 60000])
        offset = rng.choice([0, 0, 0, 330, -480])
        local = (EPOCH + timedelta(milliseconds=ms, minutes=offset)).isoformat(
            timespec="milliseconds")[:-6]
        sign = "-" if offset < 0 else "+"
        return local + ("%s%02d:%02d" % (sign, abs(offset) // 60, abs(offset) % 60) if offset
                        else "Z")

    def model(self, book):
        rng, model = self.rng, self.rng.choice(book["models"])
        name = model["model"]
        if rng.random() < 0.8:
            return rng.choice([name, model["aliases"][0]])
        return rng.choice([name + "-v2", name + "-turbo", name + "-v2-turbo", "amo",
                           "other-turbo", "acme/x\u00e9", name.upper()])

    def counts(self, components):
        """Some components; where there is a prompt, often just at a threshold."""
        rng = self.rng
        chosen = rng.sample(components, min(len(components), rng.choice([1, 2, 3, 5, 8])))
        counts = {c: rng.choice([0, 1, rng.randint(1, 5000), rng.randint(1, 10 ** 8)])
                  for c in chosen}
        prompt = [c for c in chosen if c in TOKENS_PROMPT]
        if prompt and rng.random() < 0.7:
            total = max(0, rng.choice(THRESHOLDS) + rng.choice([-1, 0, 1]))
            cuts = sorted([0, total] + [rng.randint(0, total) for _ in prompt[1:]])
            counts.update({c: cuts[i + 1] - cuts[i] for i, c in enumerate(prompt)})
        if rng.random() < 0.02:
            counts[rng.choice(COMPONENTS[:-1])] = 1
        counts.pop("requests", None)
        if rng.random() < 0.2:
            counts["requests"] = rng.choice([0, 0, 1, 2])
        return counts

    def kinds(self, counts):
        """Parts of some counts, of a kind; up to all of a count, at most 8 in all."""
        rng, kinds = self.rng, []
        for component in [c for c in counts if c in KINDS_OF and counts[c] > 0]:
            left = counts[component]
            for _ in range(rng.choice([0, 1, 1, 2])):
                n = rng.choice([left, rng.randint(0, left)])
                words = {w: rng.choice(WORDS[w]) for w in KINDS_OF[component]
                         if rng.random() < 0.6}
                if n == 0 or not words or len(kinds) >= 6:
                    continue
                kinds.append({"component": component, "n": n, **words})
                left -= n
            if left == 0 and rng.random() < 0.3:
                del counts[component]  # the sum of its kinds, where nothing else is said
        return kinds

    def vector(self, number, book, components, edges):
        rng = self.rng
        vector = {"name": "v%d" % number, "model": self.model(book), "at": self.at(edges)}
        said = rng.choice(TIERS_SAID)
        if said is not None:
            vector["tier"] = said
        if rng.random() < 0.6:
            vector["region"] = rng.choice(REGIONS)
        if rng.random() < 0.7:
            vector["account"] = rng.choice(ACCOUNTS)
        vector["counts"] = self.counts(components)
        kinds = self.kinds(vector["counts"]) if rng.random() < 0.8 else []
        if kinds:
            vector["kinds"] = kinds
        return vector


def generate(seed, first, last, vectors, folder):
    tally = {"amount": 0, "unpriced": 0, "zero": 0}
    for b in range(first, last + 1):
        # A book by its number and the seed alone, so that one can be made again by itself.
        maker = Maker(random.Random("%d/%d" % (seed, b)))
        book, components = maker.book()
        with open("%s/book-%d.json" % (folder, b), "w") as file:
            json.dump(book, file, indent=1)
        oracle, edges = Book(book), maker.edges(book)
        with open("%s/vectors-%d.ndjson" % (folder, b), "w") as file:
            for v in range(1, vectors + 1):
                vector = maker.vector(v, book, components, edges)
                exact = amount(oracle, vector)
                tally["unpriced" if exact is None else "amount" if exact else "zero"] += 1
                vector["expect"] = text_of(exact)
                file.write(json.dumps(vector, separators=(",", ":")) + "\n")
    return tally


def main(words):
    if len(words) == 6 and words[0] == "generate":
        tally = generate(int(words[1]), int(words[2]), int(words[3]), int(words[4]), words[5])
        print("oracle: %(amount)d amounts, %(zero)d of 0, %(unpriced)d unpriced" % tally)
    elif len(words) == 3 and words[0] == "amounts":
        book = Book(json.load(open(words[1])))
        for line in open(words[2]):
            print(text_of(amount(book, json.loads(line))))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
