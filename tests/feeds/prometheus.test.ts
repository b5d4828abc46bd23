/** The feed of a Prometheus exporter, against HTTP servers on loopback. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { readExposition, SCRAPE_LINES_MAX } from "../../actors/feeds/metrics/exposition.ts";
import { SCRAPE_BYTES_MAX } from "../../actors/feeds/metrics/scrape.ts";
import { parseSelection } from "../../actors/feeds/metrics/selection.ts";
import { quantile, SeriesReader } from "../../actors/feeds/metrics/series.ts";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import { MAX_NAME_BYTES } from "../../protocol/limits.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { type CollectingSink, collectingSink, totalCounts, withFile } from "./collect.ts";

/** From the page "Exposition formats" of Prometheus' documentation. */
const DOCUMENTED = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# HELP http_request_duration_seconds A histogram of the request duration.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="0.1"} 33444
http_request_duration_seconds_bucket{le="0.2"} 100392
http_request_duration_seconds_bucket{le="0.5"} 129389
http_request_duration_seconds_bucket{le="1"} 133988
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
`;

test("the text format is read as its documentation shows it", () => {
  const { samples, unreadable, families } = readExposition(DOCUMENTED);
  assert.is(unreadable, 0);
  assert.is(samples.length, 13);
  assert.equal(samples[0], {
    name: "http_requests_total",
    labels: [
      ["code", "200"],
      ["method", "post"],
    ],
    value: 1027,
  });
  const escaped = samples.find(({ name }) => name.startsWith("msdos"))!;
  assert.equal(Object.fromEntries(escaped.labels), {
    error: 'Cannot find file:\n"FILE.TXT"',
    path: "C:\\DIR\\FILE.TXT",
  });
  assert.is(samples.find(({ name }) => name === "something_weird")!.value, Number.POSITIVE_INFINITY);
  assert.is(families.get("http_request_duration_seconds")?.type, "histogram");
});

test("OpenMetrics is read with units, exemplars, names in quotes and its end", () => {
  const { samples, families, unreadable } = readExposition(
    [
      "# TYPE go.wait_seconds counter",
      "# UNIT go.wait_seconds seconds",
      'go.wait_seconds_total 17 1520879607.789 # {trace_id="a } b"} 0.67',
      '{"disk.free", "mount point"="/"} NaN',
      "# EOF",
    ].join("\n"),
  );
  assert.is(unreadable, 0);
  assert.equal(families.get("go.wait_seconds"), { type: "counter", unit: "seconds" });
  assert.equal(
    samples.map(({ name, labels, value }) => [name, labels, value]),
    [
      ["go.wait_seconds_total", [], 17],
      ["disk.free", [["mount point", "/"]], Number.NaN],
    ],
  );
});

test("a line that cannot be read is left out and counted, the first with its number and what was expected; the others are read", () => {
  const { samples, unreadable } = readExposition(
    ["a 1", "b{x=1} 2", 'c{x="1" y="2"} 2', "d", "e one", "= 3", 'f{x="', "g 7"].join("\n"),
  );
  assert.equal(
    samples.map(({ name }) => name),
    ["a", "g"],
  );
  assert.is(unreadable, 6);
  for (const [line, problem] of [
    ["b{x=1} 2", /^line 2: .*the value of label x in quotes, at column 5/],
    ["e one", /^line 2: .*"one"; expected a number/],
  ] as const)
    assert.match(readExposition(`a 1\n${line}\nd`).problem, problem);
});

test("every cut of an answer gives the samples before the cut, or says which line it left out", () => {
  const whole = readExposition(DOCUMENTED).samples.map((sample) => JSON.stringify(sample));
  for (let at = 0; at < DOCUMENTED.length; at++) {
    const { samples, unreadable } = readExposition(DOCUMENTED.slice(0, at));
    // The last one may be cut in its number, and then have another value.
    const sound = samples.slice(0, -1).map((sample) => JSON.stringify(sample));
    assert.equal(sound, whole.slice(0, sound.length));
    assert.ok(unreadable <= 1);
  }
});

test("selectors take series by name, value and pattern, as Prometheus does", () => {
  const takes = (selection: string, name: string, ...labels: [string, string][]) =>
    parseSelection(selection).takes(name, labels);
  assert.ok(takes("up", "up"));
  assert.not(takes("up", "upper"));
  assert.ok(takes('cpu{mode!="idle"}', "cpu", ["mode", "user"]));
  assert.not(takes('cpu{mode!="idle"}', "cpu", ["mode", "idle"]));
  assert.ok(takes('cpu{mode=""}', "cpu"), "a label that is not there is empty");
  assert.ok(takes('up, {__name__=~"http_.*", code=~"5.."}', "http_requests", ["code", "503"]));
  assert.not(
    takes('{__name__=~"http_.*",code=~"5.."}', "http_requests", ["code", "5030"]),
    "the whole value",
  );
  assert.ok(takes('{path!~"/internal/.*"}', "x", ["path", "/"]));
});

test("a selection that cannot be read names the column and what was expected", () => {
  for (const [text, message] of [
    ["", /column 1 .*a name/],
    ["cpu{mode}", /column 9 .*=, !=, =~ or !~/],
    ["cpu{mode=idle}", /column 10 .*double quotes/],
    ['cpu{mode=~"("}', /column 11 .*regular expression/],
    ["cpu up", /column 5 .*the end/],
  ] as const)
    assert.throws(() => parseSelection(text), message);
  assert.throws(
    () => createFeed("prom:localhost:1?select=a{", { clock: createManualClock(), seed: 1 }),
    /Cannot use feed "prom:localhost:1\?select=a\{": select: column 3/,
  );
});

test("[S1] a counter is its rate; when it begins again at 0, what it shows was counted since", () => {
  const read = readings("# TYPE hits_total counter\nhits_total");
  assert.equal(
    [read(100), read(150), read(20)],
    [{ hits_total: Number.NaN }, { hits_total: 5 }, { hits_total: 2 }],
  );
});

test("[S2] quantiles of a histogram are of what came since the last scrape", () => {
  const series = new SeriesReader(parseSelection("wait_seconds"));
  const scrape = (counts: readonly number[], timeUs: number) => {
    const lines = ["0.1", "0.2", "+Inf"].map((le, k) => `wait_seconds_bucket{le="${le}"} ${counts[k]}`);
    const text = ["# TYPE wait_seconds histogram", ...lines, `wait_seconds_count ${counts[2]}`].join("\n");
    return Object.fromEntries(
      series.read(readExposition(text), timeUs).map(({ channel, value }) => [channel, value]),
    );
  };
  assert.ok(Object.values(scrape([1_000, 1_000, 1_000], 1e6)).every(Number.isNaN), "nothing is known before");
  // Ten came, all between 0.1 and 0.2.
  const {
    "wait_seconds p50": half,
    "wait_seconds p99": most,
    wait_seconds_count: rate,
  } = scrape([1_000, 1_010, 1_010], 3e6);
  assert.ok(Math.abs(half! - 0.15) < 1e-12);
  assert.ok(Math.abs(most! - 0.199) < 1e-12);
  assert.is(rate, 5);
  assert.ok(Number.isNaN(scrape([1_000, 1_010, 1_010], 4e6)["wait_seconds p50"]!), "nothing came");
});

test("[S2] a quantile above the last bound is that bound, and one in the first bucket lies between 0 and its bound", () => {
  const buckets = [1, 2, Number.POSITIVE_INFINITY];
  const at = (counts: readonly number[], q: number) =>
    quantile(
      counts.map((count, k) => ({ upper: buckets[k]!, count })),
      q,
    );
  assert.is(at([0, 0, 10], 0.5), 2);
  assert.is(at([10, 10, 10], 0.5), 0.5);
  assert.is(at([0, 10, 10], 0.25), 1.25);
});

test("[S3] units follow the names, rates are per second, and constants are no channels", () => {
  const text = [
    "# TYPE sent_bytes_total counter",
    "sent_bytes_total 1",
    "# TYPE temp_celsius gauge",
    "temp_celsius 21",
    "# TYPE build info",
    'build_info{version="1"} 1',
    "# TYPE wait_seconds summary",
    'wait_seconds{quantile="0.9"} 0.2',
    "wait_seconds_sum 9",
    "wait_seconds_count 12",
    "wait_seconds_created 1520879607",
  ].join("\n");
  const found = new SeriesReader(parseSelection('{__name__=~".*"}')).read(readExposition(text), 1);
  assert.equal(
    found.map(({ channel, unit }) => [channel, unit]),
    [
      ["sent_bytes_total", "B/s"],
      ["temp_celsius", "°C"],
      ['wait_seconds{quantile="0.9"}', "s"],
      ["wait_seconds_count", "/s"],
    ],
  );
});

test("[P1] [P2] an exporter that goes and comes back is scraped again, and the rows between are one gap", async () => {
  await scraping("every=1s", async ({ sink, answer, scraped, until }) => {
    answer.text = "temp 1";
    await scraped();
    answer.status = 503;
    await until(() => sink.statuses.some(({ status }) => status === "stalled"));
    answer.status = 200;
    answer.text = "temp 2";
    await until(() => sink.samples.some(({ value }) => value === 2));
    assert.ok(
      sink.statuses.some(({ status, detail }) => status === "stalled" && detail.includes("answers 503")),
    );
    assert.is(sink.groups.size, 1);
    assert.match([...sink.groups.keys()][0]!, /^127\.0\.0\.1:\d+$/);
  });
});

test("[P2] nobody at the address is a feed that has stalled, with the reason, and ends when it is stopped", async () => {
  const clock = createManualClock(1e12);
  const { url, close } = await served((response) => response.end());
  await close();
  const sink = collectingSink();
  const feed = createFeed(`prom:${url}`, { clock, seed: 1 });
  const running = feed.run(sink);
  await settled(clock, () => sink.statuses.length > 0);
  assert.match(sink.statuses[0]!.detail, /^Cannot scrape http:.*ECONNREFUSED|[Cc]onnection refused/);
  await feed.stop();
  await running;
  assert.is(clock.pending, 0);
});

test("[P2] an exporter that does not answer in time has stalled", async () => {
  const clock = createManualClock(1e12);
  let asked = 0;
  const { url, close } = await served(() => void asked++);
  const sink = collectingSink();
  const feed = createFeed(`prom:${url}`, { clock, seed: 1 });
  const running = feed.run(sink);
  await settled(clock, () => asked > 0);
  await clock.advance(10_000);
  await settled(clock, () => sink.statuses.length > 0);
  assert.match(sink.statuses[0]!.detail, /no answer in 10000 ms/);
  await feed.stop();
  await running;
  await close();
});

test("[P3] garbage is left out and counted, and an infinite value is none", async () => {
  await scraping("", async ({ sink, answer, scraped }) => {
    answer.text = "good 1\nbad{ 2\nendless +Inf\n\u0000\u0001 3";
    await scraped();
    assert.equal(
      sink.samples.map(({ channel, value }) => [channel, value]),
      [["good", 1]],
    );
    assert.equal(totalCounts(sink), { unparsable: 2, infinite: 1 });
  });
});

test("[P3] an answer above the limit is refused by its name, and nothing of it is kept", async () => {
  const clock = createManualClock(1e12);
  const line = `${"# ".padEnd(65_535, "x")}\n`;
  const { url, close } = await served((response) => {
    let sent = 0;
    const more = (): void => {
      while (sent <= SCRAPE_BYTES_MAX) {
        sent += line.length;
        if (!response.write(line)) {
          response.once("drain", more);
          return;
        }
      }
      response.end();
    };
    more();
  });
  const sink = collectingSink();
  const feed = createFeed(`prom:${url}`, { clock, seed: 1 });
  const running = feed.run(sink);
  await settled(clock, () => sink.statuses.length > 0);
  assert.match(sink.statuses[0]!.detail, /SCRAPE_BYTES_MAX/);
  assert.is(sink.samples.length, 0);
  await feed.stop();
  await running;
  await close();
});

test("[P4] series above the limit are left out, and the report names the labels that made them", async () => {
  await scraping("series=3", async ({ sink, answer, scraped }) => {
    answer.text = Array.from({ length: 10 }, (_, k) => `hits{path="/${k}",code="200"} ${k}`).join("\n");
    await scraped();
    assert.is(sink.samples.length, 3);
    const { counts, detail } = sink.statuses.find((each) => each.counts["tooManyChannels"] !== undefined)!;
    assert.is(counts["tooManyChannels"], 7);
    assert.match(detail, /above series=3: label path has 7 values, label code has 1 values/);
  });
});

test("long names stay apart within the limit of names", async () => {
  await scraping("", async ({ sink, answer, scraped }) => {
    const long = "x".repeat(200);
    answer.text = `disk{mount="${long}1"} 1\ndisk{mount="${long}2"} 2`;
    await scraped();
    const names = sink.samples.map(({ channel }) => channel);
    assert.is(new Set(names).size, 2);
    for (const name of names) assert.ok(new TextEncoder().encode(name).length <= MAX_NAME_BYTES);
  });
});

test("[P3] a line as long as its sender likes is left out; the others are read", () => {
  const { samples, unreadable, problem } = readExposition(`a 1\nb{x="${"y".repeat(12 << 20)}"} 2\nc 3`);
  assert.equal(
    samples.map(({ name }) => name),
    ["a", "c"],
  );
  assert.is(unreadable, 1);
  assert.match(problem, /^line 2: \d+ characters; expected at most SCRAPE_LINE_CHARS_MAX/);
});

test("[P3] lines above the limit are counted without being kept, whatever is in them", async () => {
  for (const [line, counts] of [
    ["1\n", { unparsable: SCRAPE_LINES_MAX, tooManyChannels: 10 }],
    ["a 1\n", { duplicate: SCRAPE_LINES_MAX - 1, tooManyChannels: 10 }],
  ] as const)
    await scraping("", async ({ sink, answer, until }) => {
      answer.text = line.repeat(SCRAPE_LINES_MAX + 10);
      await until(() => sink.statuses.length > 2);
      assert.equal(totalCounts(sink), counts);
      assert.ok(sink.statuses.some(({ detail }) => detail.includes("SCRAPE_LINES_MAX")));
    });
});

test("[R1] a name or a unit that objects have by themselves is one like any other", async () => {
  await scraping("", async ({ sink, answer, scraped }) => {
    answer.text = "a_constructor 1\n# UNIT b valueOf\n# TYPE b constructor\nb 2";
    await scraped();
    assert.equal(
      [...sink.groups.values()][0]!.channels.map(({ name, unit }) => [name, unit]),
      [
        ["a_constructor", ""],
        ["b", "valueOf"],
      ],
    );
  });
});

test("[R1] a series that becomes of another type is left out, with its units, for its channel has the first one", async () => {
  await scraping("every=100ms", async ({ sink, answer, scraped, until }) => {
    answer.text = "# TYPE a gauge\na 5";
    await scraped();
    answer.text = "# TYPE a counter\na 100";
    await until(() => (totalCounts(sink)["unparsable"] ?? 0) > 0);
    assert.ok(sink.samples.every(({ value }) => value === 5));
    assert.ok(sink.statuses.some(({ detail }) => detail.startsWith('a comes in "/s"; expected ""')));
  });
});

test("[S3] a counter that was no number for a while has no rate of all that it ever counted", () => {
  const rates = readings("# TYPE a counter\na");
  assert.equal(
    [1_000, Number.NaN, 1_010, Number.POSITIVE_INFINITY, 1_020, 1_030].map((value) => rates(value)["a"]),
    [Number.NaN, Number.NaN, Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, 1],
  );
});

test("[S4] of a series that comes twice in a scrape the first is taken, and the other counted", async () => {
  await scraping("", async ({ sink, answer, scraped, until }) => {
    answer.text = 'a{b="1"} 1\na{b="1"} 2\na{b="2"} 3';
    await scraped();
    await until(() => (totalCounts(sink)["duplicate"] ?? 0) > 0);
    assert.equal(
      sink.samples.map(({ value }) => value),
      [1, 3],
    );
  });
});

test("an exporter that sends elsewhere is not followed: the place that the spec names has no metrics", async () => {
  await scraping("", async ({ sink, answer, until }) => {
    answer.status = 302;
    answer.location = "http://127.0.0.1:9/elsewhere";
    await until(() => sink.statuses.length > 0);
    assert.match(
      sink.statuses[0]!.detail,
      /it answers 302 to "http:\/\/127\.0\.0\.1:9\/elsewhere"; expected 200/,
    );
  });
});

test("a token is sent as a bearer, and one in the address is refused, because it would be recorded", async () => {
  await withFile("token", "s3cret\n", (path) =>
    scraping(`tokenFile=${encodeURIComponent(path)}`, async ({ answer, scraped }) => {
      answer.text = "a 1";
      await scraped();
      assert.is(answer.authorization, "Bearer s3cret");
    }),
  );
  const context = { clock: createManualClock(), seed: 1 };
  assert.throws(
    () => createFeed("prom:http://me:secret@localhost", context),
    /has a password; expected none/,
  );
  assert.throws(() => createFeed("prom:localhost?tokenFile=/nowhere", context), /no token in \/nowhere/);
  assert.throws(() => createFeed("prom:ftp://localhost", context), /expected HOST:PORT/);
});

/** One series through a reader, a scrape every ten seconds. */
function readings(before: string): (value: number) => Record<string, number> {
  const series = new SeriesReader(parseSelection('{__name__=~".*"}'));
  let timeUs = 0;
  return (value) => {
    timeUs += 10e6;
    const found = series.read(readExposition(`${before} ${value}`), timeUs);
    return Object.fromEntries(found.map((each) => [each.channel, each.value]));
  };
}

interface Answer {
  status: number;
  text: string;
  location: string;
  /** What the last request was signed with. */
  authorization: string;
}

interface Scraping {
  readonly sink: CollectingSink;
  readonly answer: Answer;
  /** Resolves when the first answer was taken. */
  scraped(): Promise<void>;
  until(isSo: () => boolean): Promise<void>;
}

async function scraping(query: string, use: (scraping: Scraping) => Promise<void>): Promise<void> {
  const answer: Answer = { status: 200, text: "", location: "", authorization: "" };
  const { url, close } = await served((response, authorization) => {
    answer.authorization = authorization;
    const { status, location } = answer;
    response.writeHead(status, location === "" ? {} : { location }).end(answer.text);
  });
  const sink = collectingSink();
  const feed = createFeed(`prom:${url}?${query}`, { clock: systemClock, seed: 1 });
  let running: Promise<void> | null = null;
  const until = async (isSo: () => boolean): Promise<void> => {
    running ??= feed.run(sink);
    while (!isSo()) await turn();
  };
  try {
    await use({ sink, answer, until, scraped: () => until(() => sink.frames.length > 0) });
  } finally {
    await feed.stop();
    await running;
    await close();
  }
}

async function settled(clock: ManualClock, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await turn();
    // What is due now.
    await clock.advance(0);
  }
}

/** Sockets have theirs. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function served(
  answer: (response: ServerResponse, authorization: string) => void,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => answer(response, request.headers.authorization ?? ""));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

test.run();
