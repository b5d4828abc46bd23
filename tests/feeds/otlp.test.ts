// runtime: either
/** The feed of OpenTelemetry's metrics: what requests add up to, and the receiver over real HTTP. */
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { PbfWriter } from "pbf";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { OtlpMetrics } from "../../actors/feeds/metrics/otlp-metrics.ts";
import { type OtlpRequest, readJson, readProtobuf } from "../../actors/feeds/metrics/otlp-request.ts";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import { createManualClock } from "../support/clock.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { collectingSink } from "./collect.ts";

const START_S = 1_700_000_000;
/** When requests come. */
const NOW_US = (START_S + 1_000) * 1e6;
const nano = (second: number): string => `${BigInt(START_S + second) * 1_000_000_000n}`;

/** A request with these metrics, as an exporter writes JSON. */
function json(...metrics: object[]): string {
  const resource = {
    attributes: [
      { key: "service.name", value: { stringValue: "shop" } },
      { key: "telemetry.sdk.name", value: { stringValue: "opentelemetry" } },
    ],
  };
  return JSON.stringify({
    resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: "x" }, metrics }] }],
  });
}

const gauge = (name: string, second: number, value: number, attributes: object[] = []) => ({
  ...{ name, unit: "By" },
  gauge: { dataPoints: [{ attributes, timeUnixNano: nano(second), asDouble: value }] },
});

const sum = (
  second: number,
  value: number,
  more: object = { aggregationTemporality: 2, isMonotonic: true },
) => ({
  ...{ name: "requests", unit: "1" },
  sum: { dataPoints: [{ timeUnixNano: nano(second), asInt: String(value) }], ...more },
});

const NOTHING = { noRoom: [], noRoomFirst: "", faults: 0, fault: "" };

/** Rows of requests, each of which is one row; `at`: the channels of the shop without its label. */
function rowsOf(...requests: string[]): Record<string, number>[] {
  const metrics = new OtlpMetrics(100);
  return requests.map((text) => {
    assert.equal(metrics.take(readJson(text), NOW_US), NOTHING);
    return row(metrics);
  });
}

function row(metrics: OtlpMetrics): Record<string, number> {
  const readings = metrics.readings();
  return Object.fromEntries(
    readings.map(({ channel, value }) => [channel.replace('{service.name="shop"}', ""), value]),
  );
}

test("a gauge is its last value, with its unit, and the labels of its point and of who it is", () => {
  const code = [{ key: "code", value: { intValue: "200" } }];
  const metrics = new OtlpMetrics(10);
  metrics.take(
    readJson(json(gauge("memory", 1, 5), gauge("memory", 2, 7), gauge("memory", 1, 3, code))),
    NOW_US,
  );
  assert.equal(
    metrics.readings().map(({ channel, unit, value }) => [channel, unit, value]),
    [
      ['memory{service.name="shop"}', "B", 7],
      ['memory{code="200",service.name="shop"}', "B", 3],
    ],
  );
  assert.equal(metrics.readings(), [], "nothing came since");
});

test("[O1] [O3] a growing sum is its rate by the times of its points, and one that began again counts from 0", () => {
  assert.equal(rowsOf(json(sum(0, 100)), json(sum(60, 400)), json(sum(120, 60)), json(sum(120, 90))), [
    { requests: Number.NaN },
    { requests: 5 },
    { requests: 1 },
    {},
  ]);
});

test("[O4] differences are added up: a growing sum to a rate, one that may fall to a level", () => {
  const growing = { aggregationTemporality: "AGGREGATION_TEMPORALITY_DELTA", isMonotonic: true };
  const delta = (second: number, value: number) => {
    const { sum: of, ...rest } = sum(second, value, growing);
    return {
      ...rest,
      sum: { ...of, dataPoints: of.dataPoints.map((p) => ({ ...p, startTimeUnixNano: nano(second - 10) })) },
    };
  };
  assert.equal(rowsOf(json(delta(10, 20)), json(delta(20, 40), delta(30, 60))), [
    { requests: 2 },
    { requests: 5 },
  ]);
  const falling = { aggregationTemporality: 1 };
  assert.equal(rowsOf(json(sum(1, 5, falling)), json(sum(2, -2, falling))), [
    { requests: 5 },
    { requests: 3 },
  ]);
});

test("a histogram is the rate of what it counts, and the quantiles of what came since", () => {
  const histogram = (second: number, counts: number[], temporality = 2) => ({
    name: "wait",
    unit: "s",
    histogram: {
      aggregationTemporality: temporality,
      dataPoints: [
        {
          timeUnixNano: nano(second),
          startTimeUnixNano: nano(second - 10),
          count: counts.reduce((a, b) => a + b, 0),
          bucketCounts: counts.map(String),
          explicitBounds: [1, 2],
        },
      ],
    },
  });
  const [first, second, reset] = rowsOf(
    json(histogram(0, [90, 0, 0])),
    json(histogram(10, [90, 20, 0])),
    json(histogram(20, [10, 0, 0])),
  );
  assert.ok(Number.isNaN(first!["wait p50"]) && Number.isNaN(first!["wait count"]));
  // All twenty that came lie between 1 and 2 s.
  assert.equal(second, { "wait count": 2, "wait p50": 1.5, "wait p99": 1.99 });
  assert.equal(reset, { "wait count": 1, "wait p50": 0.5, "wait p99": 0.99 });
  assert.equal(rowsOf(json(histogram(10, [0, 20, 0], 1))), [
    { "wait count": 2, "wait p50": 1.5, "wait p99": 1.99 },
  ]);
});

test("a summary is its own quantiles and a rate, and an exponential histogram the rate of what it counts", () => {
  const summary = (second: number, count: number) => ({
    name: "rpc",
    summary: {
      dataPoints: [{ timeUnixNano: nano(second), count, quantileValues: [{ quantile: 0.5, value: 3 }] }],
    },
  });
  const exponential = (second: number, count: number) => ({
    name: "size",
    exponentialHistogram: {
      aggregationTemporality: 2,
      dataPoints: [
        { timeUnixNano: nano(second), count, scale: 2, positive: { offset: 1, bucketCounts: ["1"] } },
      ],
    },
  });
  const [, rows] = rowsOf(json(summary(0, 0), exponential(0, 5)), json(summary(10, 30), exponential(10, 25)));
  assert.equal(rows, { "rpc count": 3, 'rpc{service.name="shop",quantile="0.5"}': 3, "size count": 2 });
});

test("[O3] what no such metric can be is left out: a count below 0, an infinite value, a time in another century", () => {
  const later = (second: number) => gauge("level", second, second);
  assert.equal(rowsOf(json(sum(0, 10)), json(sum(10, -5)), json(sum(20, 30))), [
    { requests: Number.NaN },
    {},
    { requests: 1 },
  ]);
  const infinite = {
    name: "level",
    gauge: { dataPoints: [{ timeUnixNano: nano(3), asDouble: "Infinity" }] },
  };
  assert.equal(rowsOf(json(later(1)), json(infinite), json(later(4))), [{ level: 1 }, {}, { level: 4 }]);
  const metrics = new OtlpMetrics(10);
  metrics.take(readJson(json(gauge("level", 3e9, 1))), NOW_US);
  metrics.readings();
  metrics.take(readJson(json(gauge("level", 1_200, 2))), NOW_US + 200e6);
  assert.equal(row(metrics), { level: 2 });
});

test("a metric without a name, or of two kinds, is told, and the others go on", () => {
  const metrics = new OtlpMetrics(10);
  const counted = { name: "a", sum: { dataPoints: [{ asInt: 1 }], isMonotonic: true } };
  const leftOut = metrics.take(readJson(json(gauge("", 1, 1), gauge("a", 1, 1), counted)), NOW_US);
  assert.equal(leftOut, { ...NOTHING, faults: 2, fault: "a metric has no name" });
  assert.is(metrics.take(readJson(json(counted)), NOW_US).fault, 'a{service.name="shop"} was a value before');
  assert.equal(row(metrics), { a: 1 });
});

test("a request of more points than a batch has is refused before it is read", () => {
  const many = JSON.stringify({ resourceMetrics: [{ points: Array.from({ length: 140_000 }, () => ({})) }] });
  assert.throws(() => readJson(many), /more than 131072 objects; expected smaller batches/);
  const pbf = new PbfWriter();
  message(pbf, 1, (resource) =>
    message(resource, 2, (scope) => {
      for (let k = 0; k < 140_000; k++) message(scope, 2, () => {});
    }),
  );
  assert.throws(() => readProtobuf(pbf.finish()), /more than 131072 objects/);
});

test("series above the limit are told, and the others go on", () => {
  const metrics = new OtlpMetrics(1);
  const leftOut = metrics.take(readJson(json(gauge("a", 1, 1), gauge("b", 1, 1))), NOW_US);
  assert.equal(leftOut, {
    ...NOTHING,
    noRoom: [{ labels: [["service.name", "shop"]] }],
    noRoomFirst: 'b{service.name="shop"}',
  });
  assert.equal(row(metrics), { a: 1 });
});

test("[O5] nothing is made of names, labels and buckets above their limits, though sixty thousand points share them", () => {
  const long = "x".repeat(1 << 20);
  const label = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const of = (metric: object, attributes: object[] = []) =>
    readJson(
      JSON.stringify({
        resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics: [metric] }] }],
      }),
    );
  const points = { gauge: { dataPoints: Array.from({ length: 60_000 }, () => ({ asDouble: 1 })) } };
  const histogram = { histogram: { dataPoints: [{ count: 1, bucketCounts: Array(2_000).fill(1) }] } };
  for (const [request, faults, fault] of [
    [of({ name: "a", ...points }, [label("service.name", long)]), 60_000, /^a has 1048589 characters/],
    [of({ name: long, ...points }), 60_000, /^x{80}… has 1048576 characters/],
    [of({ name: "a", unit: long, ...points }), 60_000, /READING_NAME_MAX/],
    [
      of({ name: "a", ...points }, Array(20_000).fill(label("host.name", "h"))),
      60_000,
      /^a has 20000 labels/,
    ],
    [of({ name: "a", ...histogram }), 1, /^a has 2000 buckets; expected at most 1024/],
  ] as const) {
    const metrics = new OtlpMetrics(10);
    const leftOut = metrics.take(request, NOW_US);
    assert.is(leftOut.faults, faults);
    assert.match(leftOut.fault, fault);
    assert.ok(leftOut.fault.length < 200);
    assert.equal(metrics.readings(), []);
  }
});

test("[O5] an answer names what is left out by the begin of its name", async () => {
  const { url, end } = await listening("otlp:0?every=10s&series=1");
  const metrics = [gauge("a", 1, 1), gauge(`b${"x".repeat(3_000)}`, 1, 1)];
  const { body } = await post(url, json(...metrics));
  assert.match(JSON.parse(body.toString()).partialSuccess.errorMessage, /^1 above series=1, first bx{79}…$/);
  const wrong = { name: "a", gauge: { dataPoints: [{ asDouble: "x".repeat(100_000) }] } };
  const refused = await post(url, json(wrong));
  assert.is(refused.status, 400);
  assert.ok(refused.body.length < 500, `${refused.body.length} bytes`);
  await end();
});

test("a unit that objects have by themselves is one like any other", () => {
  const metrics = new OtlpMetrics(10);
  metrics.take(readJson(json({ ...gauge("a", 1, 1), unit: "constructor" })), NOW_US);
  assert.is(metrics.readings()[0]!.unit, "constructor");
});

test("a request that is none is refused by its field", () => {
  for (const [text, says] of [
    ["{", /read metrics of OTLP: .*; expected JSON/],
    ["[]", /the whole is an array; expected an object with resourceMetrics/],
    ['{"resourceMetrics": 3}', /resourceMetrics is 3; expected Array/],
    [json({ name: "a", gauge: { dataPoints: [{ asDouble: "x" }] } }), /asDouble is "x"/],
    [json({ name: "a", gauge: { dataPoints: [{ timeUnixNano: "soon" }] } }), /timeUnixNano is NaN|"soon"/],
  ] as const)
    assert.throws(() => readJson(text), says);
  assert.throws(() => readProtobuf(new Uint8Array([0x0a, 0xff, 0xff, 0xff])), /read metrics of OTLP/);
});

// ---- protobuf ---------------------------------------------------------------------------------------------------

type Write = (pbf: PbfWriter) => void;
const message = (pbf: PbfWriter, field: number, write: Write) =>
  pbf.writeMessage(field, (_, into) => write(into), null);
const attribute = (pbf: PbfWriter, field: number, key: string, value: string) =>
  message(pbf, field, (into) => {
    into.writeStringField(1, key);
    message(into, 2, (of) => of.writeStringField(1, value));
  });

/** The same request in protobuf, field by field as metrics.proto numbers them. */
function protobuf(): Uint8Array {
  const pbf = new PbfWriter();
  message(pbf, 1, (resource) => {
    message(resource, 1, (of) => attribute(of, 1, "service.name", "shop"));
    message(resource, 2, (scope) => {
      message(scope, 2, (metric) => {
        metric.writeStringField(1, "memory");
        metric.writeStringField(3, "By");
        message(metric, 5, (of) =>
          message(of, 1, (point) => {
            point.writeFixed64Field(3, Number(nano(1)));
            point.writeDoubleField(4, 7.5);
            attribute(point, 7, "pool", "heap");
          }),
        );
      });
      message(scope, 2, (metric) => {
        metric.writeStringField(1, "requests");
        message(metric, 7, (of) => {
          message(of, 1, (point) => {
            point.writeFixed64Field(2, Number(nano(0)));
            point.writeFixed64Field(3, Number(nano(10)));
            point.writeSFixed64Field(6, 50);
          });
          of.writeVarintField(2, 1);
          of.writeBooleanField(3, true);
        });
      });
      message(scope, 2, (metric) => {
        metric.writeStringField(1, "wait");
        message(metric, 9, (of) => {
          of.writeVarintField(2, 1);
          message(of, 1, (point) => {
            point.writeFixed64Field(2, Number(nano(0)));
            point.writeFixed64Field(3, Number(nano(10)));
            point.writeFixed64Field(4, 20);
            point.writePackedFixed64(6, [0, 20, 0]);
            point.writePackedDouble(7, [1, 2]);
          });
        });
      });
    });
  });
  return pbf.finish();
}

test("protobuf is read as JSON is", () => {
  const metrics = new OtlpMetrics(100);
  assert.equal(metrics.take(readProtobuf(protobuf()) as OtlpRequest, NOW_US), NOTHING);
  assert.equal(row(metrics), {
    'memory{pool="heap",service.name="shop"}': 7.5,
    requests: 5,
    ...{ "wait count": 2, "wait p50": 1.5, "wait p99": 1.99 },
  });
});

// ---- over HTTP --------------------------------------------------------------------------------------------------

interface Sent {
  readonly status: number;
  readonly body: Buffer;
}

function post(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = { "content-type": "application/json" },
  method = "POST",
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers }, async (response) => {
      const parts: Uint8Array[] = [];
      for await (const part of response as AsyncIterable<Uint8Array>) parts.push(part);
      resolve({ status: response.statusCode!, body: Buffer.concat(parts) });
    });
    sending.on("error", reject);
    sending.end(body);
  });
}

/** A feed that listens, with the clock that its rows go by. */
async function listening(spec: string) {
  const clock = createManualClock(START_S * 1e6);
  const sink = collectingSink();
  const feed = createFeed(spec, { clock, seed: 1 });
  const running = feed.run(sink);
  while (sink.statuses.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const url = sink.statuses[0]!.detail;
  const end = async () => {
    await feed.stop();
    await running;
  };
  return { clock, sink, url, end };
}

test("[T1] what exporters send is a row on the grid, in each encoding, also as gzip", async () => {
  const { clock, sink, url, end } = await listening("otlp:0?every=10s");
  const answer = await post(url, json(gauge("memory", 1, 7)));
  assert.equal([answer.status, answer.body.toString()], [200, "{}"]);
  const type = { "content-type": "application/x-protobuf", "content-encoding": "gzip" };
  const packed = await post(url, gzipSync(protobuf()), type);
  assert.equal([packed.status, packed.body.length], [200, 0]);
  await clock.advance(10_000);
  assert.equal(
    sink.samples.map(({ channel, value, time }) => [channel.split("{")[0], value, time / 1e6 - START_S]),
    [
      ["memory", 7, 10],
      ["memory", 7.5, 10],
      ["requests", 5, 10],
      ["wait", 2, 10],
      ["wait", 1.5, 10],
      ["wait", 1.99, 10],
    ],
  );
  await end();
  assert.is(sink.statuses.at(-1)!.status, "ended");
});

test("[T3] what cannot be taken is answered by why, and counted", async () => {
  const { clock, sink, url, end } = await listening("otlp:0?every=10s&series=1");
  const type = "application/json";
  for (const [status, body, headers, method] of [
    [400, "{", { "content-type": type }, "POST"],
    [415, "a,b", { "content-type": "text/csv" }, "POST"],
    [415, "{}", { "content-type": type, "content-encoding": "br" }, "POST"],
    [400, "{}", { "content-type": type, "content-encoding": "gzip" }, "POST"],
    [
      413,
      gzipSync(Buffer.alloc(17 << 20, " ")),
      { "content-type": type, "content-encoding": "gzip" },
      "POST",
    ],
    [405, "{}", { "content-type": type }, "PUT"],
    [403, "{}", { "content-type": type, origin: "https://example.org" }, "POST"],
  ] as const)
    assert.is(
      (await post(url, body, headers, method)).status,
      status,
      `${status} ${JSON.stringify(headers)}`,
    );
  assert.is((await post(url.replace("metrics", "logs"), "{}")).status, 404);
  const partial = await post(url, json(gauge("a", 1, 1), gauge("b", 1, 1)));
  assert.equal(JSON.parse(partial.body.toString()), {
    partialSuccess: {
      rejectedDataPoints: "1",
      errorMessage: '1 above series=1, first b{service.name="shop"}',
    },
  });
  await clock.advance(10_000);
  const counted = (reason: string) =>
    sink.statuses.reduce((total, { counts }) => total + (counts[reason] ?? 0), 0);
  assert.is(counted("unparsable"), 8);
  assert.is(counted("tooManyChannels"), 1);
  assert.is(sink.samples.length, 1);
  await end();
});

test("[T4] with a token, others are refused; beyond loopback there must be one", async () => {
  const tokenFile = join(temporaryDirectory(), "token");
  writeFileSync(tokenFile, "a-secret-token\n");
  const { url, end } = await listening(`otlp:0?tokenFile=${tokenFile}`);
  const type = { "content-type": "application/json" };
  assert.is((await post(url, "{}")).status, 401);
  assert.is((await post(url, "{}", { ...type, authorization: "Bearer a-secret-tokem" })).status, 401);
  assert.is((await post(url, "{}", { ...type, authorization: "Bearer a-secret-token" })).status, 200);
  await end();
  assert.throws(
    () => createFeed("otlp:0.0.0.0:4318", { clock: createManualClock(), seed: 1 }),
    /0\.0\.0\.0 can be reached from other machines; expected tokenFile=PATH/,
  );
});

test.run();
