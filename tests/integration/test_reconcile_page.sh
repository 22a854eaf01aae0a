#!/bin/sh
# test_reconcile_page.sh: the page of a reconciliation in a browser, headless Chromium.  It has
# the totals that --json has, is not blank at any width, light or dark; names that are markup are
# text in it, nothing of them runs and nothing is fetched.  A page in which just that happens comes
# first, so that a browser that would not show it is no proof.
set -eu
build=${TOLL_BUILD:-build/release}
if ! command -v chromium >/dev/null 2>&1; then
	echo "skipped: no chromium: packaging/bootstrap check installs it"
	exit 77
fi
mkdir -p build
folder=$(mktemp -d build/page-XXXXXX)
trap 'rm -rf "$folder"' EXIT

/usr/bin/python3 - "$build/toll" "$folder" <<'end'
import html.parser, http.server, json, os, struct, subprocess, sys, threading, zlib

toll, folder = sys.argv[1], os.path.abspath(sys.argv[2])
fetched = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        fetched.append(self.path)
        self.send_error(404)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
away = "http://127.0.0.1:%d/" % server.server_port

BROWSER = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
           "--no-first-run", "--disable-background-networking", "--disable-component-update",
           "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + folder + "/profile"]


def browse(path, *more):
    run = subprocess.run(BROWSER + [*more, "file://" + path], capture_output=True, timeout=300)
    assert run.returncode == 0, run.stderr.decode(errors="replace")[-2000:]
    return run.stdout.decode()


class Dom(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.handlers, self.title, self.at = set(), [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.handlers += [name for name, _ in attributes
                          if name.startswith("on") or name in ("src", "href")]
        self.at.append(tag)

    def handle_endtag(self, tag):
        while self.at and self.at.pop() != tag:
            pass

    def handle_data(self, data):
        if self.at and self.at[-1] == "title" and "svg" not in self.at:
            self.title += data
        elif "style" not in self.at:
            self.text.append(data)


# --- what the browser does where it is let ---
with open(folder + "/control.html", "w") as file:
    file.write("<!doctype html><title>no</title><img src='%scontrol'>"
               "<script>document.title = 'ran'</script>" % away)
control = Dom(browse(folder + "/control.html", "--dump-dom"))
assert control.title == "ran", control.title
assert fetched == ["/control"], fetched
assert "script" in control.tags and "src" in control.handlers

# --- a ledger and a statement, of names that are markup ---
HOSTILE = ["<script>document.title='ran'</script>", "<img src=%simg onerror=document.title='ran'>"
           % away, "\"' onload=\"document.title='ran'\" x='", "]]></svg><svg onload=alert(1)>",
           "<!--", "</title></style></table>", "&lt;b&gt;&amp;", "\u202eevil\u2066",
           "<link rel=stylesheet href=%scss>" % away]
NAME = "<img src=x onerror=document.title='ran'> \u202e'\".csv"
RATES = ('[{"component":"input","per_million":"1000"},'
         '{"component":"output","per_million":"2000"}]')
ledger, statement = folder + "/ledger.db", folder + "/" + NAME


def run(code, *words):
    done = subprocess.run([toll, *words, "--ledger", ledger], capture_output=True)
    assert done.returncode == code, (words, done.returncode, done.stderr.decode())
    return done.stdout.decode()


def cell(text):
    return '"' + text.replace('"', '""') + '"'


with open(folder + "/book.json", "w") as file:
    models = ['{"model":%s,"versions":[{"effective_from":"2020","rates":%s}]}'
              % (json.dumps(name), RATES) for name in HOSTILE]
    file.write('{"pricebook":1,"name":"b","currency":"USD","models":[%s]}' % ",".join(models))
with open(folder + "/events", "w") as file:
    for i, name in enumerate(HOSTILE):
        file.write(json.dumps({"id": name, "time": "2026-10-%02dT08:00:00Z" % (i + 1),
                               "account": name, "key": name, "model": name, "api": "toll",
                               "usage": {"input": 1000, "output": 100}}) + "\n")
with open(statement, "w", encoding="utf-8") as file:
    file.write("id,time,account,key,model,input,output,amount,currency\n")
    for i, name in enumerate(HOSTILE):
        file.write(",".join([cell(name), "2026-10-%02dT08:00:00Z" % (i + 1), cell(name),
                             cell(name), cell(name), "1000", "100",
                             "1.2%d" % i, "USD"]) + "\n")
    file.write(",".join([cell(HOSTILE[0] + "2"), "2026-10-20T08:00:00Z", "x", "x",
                         cell(HOSTILE[0]), "1000", "100", "1.50", "USD"]) + "\n")
run(0, "price", "apply", folder + "/book.json", "--note", "n")
run(0, "import", "--source", "gw", folder + "/events")
page = folder + "/page.html"
result = json.loads(run(1, "reconcile", "--statement", statement, "--format", "toll", "--html",
                        page, "--json", "--no-store"))

# --- in the browser ---
before = len(fetched)
dom = Dom(browse(page, "--dump-dom"))
text = "".join(dom.text)
assert dom.title.startswith("Reconciliation: <img src=x onerror"), dom.title
assert not dom.tags & {"script", "img", "link", "b2", "iframe", "object", "a"}, dom.tags
assert not dom.handlers, dom.handlers
for wanted in [result["ours"]["amount"], result["theirs"]["amount"], "+" + result["difference"],
               *[cause["cause"] for cause in result["causes"]],
               *[name for name in HOSTILE if "\u202e" not in name],
               "[U+202E]evil[U+2066]"]:
    assert wanted in text, wanted
assert "\u202e" not in text and "\u2066" not in text
order = [text.index(words) for words in ("Ours: the ledger", "Theirs: the statement",
                                         "Difference: theirs less ours", "From ours to theirs",
                                         "What was read")]
assert order == sorted(order), order


def pixels(path):
    """Width, height and the colours of a PNG of 8 bits."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body, head = 8, b"", None
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            head = struct.unpack(">IIBB", data[at + 8:at + 18])
        if kind == b"IDAT":
            body += data[at + 8:at + 8 + size]
        at += 12 + size
    width, height, depth, colour = head
    step = {2: 3, 6: 4}[colour]
    assert depth == 8
    raw, line, prior, colours = zlib.decompress(body), width * step, bytearray(width * step), {}
    for y in range(height):
        kind = raw[y * (line + 1)]
        row = bytearray(raw[y * (line + 1) + 1:(y + 1) * (line + 1)])
        for x in range(line):
            left = row[x - step] if x >= step else 0
            corner = prior[x - step] if x >= step else 0
            if kind == 1:
                row[x] = (row[x] + left) & 255
            elif kind == 2:
                row[x] = (row[x] + prior[x]) & 255
            elif kind == 3:
                row[x] = (row[x] + (left + prior[x]) // 2) & 255
            elif kind == 4:
                guess = left + prior[x] - corner
                near = min((abs(guess - left), 0, left), (abs(guess - prior[x]), 1, prior[x]),
                           (abs(guess - corner), 2, corner))
                row[x] = (row[x] + near[2]) & 255
        prior = row
        for x in range(0, line, step):
            pixel = bytes(row[x:x + 3])
            colours[pixel] = colours.get(pixel, 0) + 1
    return width, height, colours


TOTAL = {"light": bytes.fromhex("0b57d0"), "dark": bytes.fromhex("8ab4f8")}
PAPER = {"light": bytes.fromhex("fbfbfc"), "dark": bytes.fromhex("121419")}
for width, scheme in ((1000, "light"), (500, "light"), (700, "dark")):
    shot = folder + "/shot.png"
    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    browse(page, "--window-size=%d,1200" % width, "--screenshot=" + shot, *dark)
    wide, high, colours = pixels(shot)
    label = "%d %s" % (width, scheme)
    assert (wide, high) == (width, 1200), (label, wide, high)
    # Paper, and on it letters in many shades and the bars of the totals.
    assert len(colours) > 20, (label, len(colours))
    assert colours.get(PAPER[scheme], 0) > 1000, label
    assert colours.get(TOTAL[scheme], 0) > 200, (label, colours.get(TOTAL[scheme], 0))
assert len(fetched) == before, fetched[before:]
print("ok: %d differences, %d names, 3 pictures" % (result["differences"], len(HOSTILE)))
end
