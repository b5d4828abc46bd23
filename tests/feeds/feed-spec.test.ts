// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { feedHelp, parseFeedSpec } from "../../actors/feeds/feed-spec.ts";
import { FEED_KINDS } from "../../actors/feeds/kinds.ts";
import { createFeed, createFeeds } from "../../actors/feeds/session-feeds.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { MAX_NAME_BYTES } from "../../protocol/limits.ts";
import { durationText, readDuration } from "../../protocol/text-values.ts";
import { createManualClock } from "../support/clock.ts";
import { collectSpec, pieces } from "./collect.ts";

const context = { clock: createManualClock(), seed: 7 };

function refusal(act: () => unknown): EigenwatchError {
  try {
    act();
  } catch (error) {
    assert.instance(error, EigenwatchError);
    return error as EigenwatchError;
  }
  throw new Error("was accepted");
}

test("spec of a host feed has its default cadence, or the given one", () => {
  const nothing = { every: 100_000, group: undefined, processes: undefined, with: [] };
  assert.equal({ ...parseFeedSpec("host").options }, nothing);
  const spec = parseFeedSpec("host?every=1s&group=server&processes=unnamed");
  assert.is(spec.kind, "host");
  const given = { every: 1_000_000, group: "server", processes: "unnamed", with: [] };
  if (spec.kind === "host") assert.equal({ ...spec.options }, given);
});

test("spec of a file feed keeps its path and reads every option", () => {
  const spec = parseFeedSpec(
    "file:/data/a b:c.csv.gz?speed=60&time=when&timeUnit=ms&format=long&symbol=s&value=v&size=q&columns=A,B&skip=C" +
      "&innovation=ar1&sampling=ticks&every=5m&unit=USD&group=prices",
  );
  assert.is(spec.kind, "file");
  assert.is(spec.target, "/data/a b:c.csv.gz");
  assert.equal(
    { ...spec.options },
    {
      speed: 60,
      time: "when",
      timeUnit: "ms",
      format: "long",
      symbol: "s",
      value: "v",
      size: "q",
      columns: ["A", "B"],
      skip: ["C"],
      innovation: "ar1",
      sampling: "ticks",
      every: 300_000_000,
      unit: "USD",
      group: "prices",
    },
  );
});

test("spec of a file feed without options leaves the choice to the file", () => {
  const spec = parseFeedSpec("file:x.csv");
  if (spec.kind !== "file") throw new Error("wrong kind");
  assert.is(spec.options.speed, Number.POSITIVE_INFINITY);
  assert.is(spec.options.format, undefined);
  assert.is(spec.options.innovation, undefined);
  assert.equal(spec.options.columns, []);
});

test("spec of a file feed with speed=max is not paced", () => {
  const spec = parseFeedSpec("file:x.csv?speed=max");
  if (spec.kind !== "file") throw new Error("wrong kind");
  assert.is(spec.options.speed, Number.POSITIVE_INFINITY);
});

test("spec takes percent escapes in values, and %3F and %25 in a path", () => {
  const spec = parseFeedSpec("file:odd%3Fname%25.csv?unit=%25%26%3D&time=a%20b");
  assert.is(spec.target, "odd?name%.csv");
  if (spec.kind !== "file") throw new Error("wrong kind");
  assert.is(spec.options.unit, "%&=");
  assert.is(spec.options.time, "a b");
});

test("spec of stdin can be live", () => {
  const spec = parseFeedSpec("stdin?live=1&time=t");
  if (spec.kind !== "stdin") throw new Error("wrong kind");
  assert.is(spec.options.live, true);
});

test("spec of a walk has defaults, reads every option and takes the session's seed", () => {
  const plain = parseFeedSpec("walk");
  if (plain.kind !== "walk") throw new Error("wrong kind");
  assert.equal(
    { ...plain.options },
    { channels: 16, rate: 10_000, frame: 256, seed: undefined, duration: 0, group: undefined },
  );
  const full = parseFeedSpec("walk?channels=4&rate=1e6&frame=64&seed=9&duration=1.5s");
  if (full.kind !== "walk") throw new Error("wrong kind");
  assert.equal(
    { ...full.options },
    { channels: 4, rate: 1_000_000, frame: 64, seed: 9, duration: 1_500_000, group: undefined },
  );
});

const REFUSED: [spec: string, said: RegExp][] = [
  ["", /no kind ""/],
  ["hots", /no kind "hots".*expected perhaps host/],
  ["prices.csv", /expected file:prices\.csv when a file is meant/],
  ["host:here", /host takes nothing after a colon, got "here"/],
  ["file", /file names no PATH; expected file:PATH/],
  ["file:", /file names no PATH/],
  ["host?evry=1s", /no option "evry"; expected perhaps every/],
  ["host?constructor=1", /no option "constructor"/],
  ["host?every", /option every has no value/],
  ["host?every=", /every= is not valid; expected a duration of at least 10ms/],
  ["host?every=100", /every=100 is not valid; expected a duration/],
  ["host?every=1ms", /every=1ms is not valid; expected a duration of at least 10ms/],
  ["host?every=1s&every=2s", /option every is given twice/],
  ["file:x?speed=0", /speed=0 is not valid; expected a number above 0/],
  ["file:x?speed=-1", /speed=-1 is not valid/],
  ["file:x?format=tall", /format=tall is not valid; expected one of long, wide/],
  ["file:x?innovation=diff", /expected one of logReturn, difference, ar1/],
  ["file:x?columns=a,,b", /columns=a,,b is not valid; expected names separated by commas/],
  ["file:x?unit=%zz", /broken % escape/],
  ["stdin?live=yes", /live=yes is not valid; expected 1 or 0/],
  ["walk?channels=0", /channels=0 is not valid; expected a whole number from 1 to 128/],
  ["walk?channels=129", /from 1 to 128/],
  ["walk?frame=4096", /from 1 to 2048/],
  ["walk?rate=fast", /rate=fast is not valid; expected a number above 0 and at most 100000000, or max/],
  ["walk?seed=1.5", /seed=1\.5 is not valid/],
];

for (const [spec, said] of REFUSED)
  test(`spec "${spec}" is refused with what is wrong and what is expected`, () => {
    const error = refusal(() => parseFeedSpec(spec));
    assert.match(error.message, said);
    assert.ok(error.message.startsWith(`Cannot use feed "${spec}": `));
    assert.ok(error.expected.length > 0);
  });

test("spec error has the option and its value as data", () => {
  const { action, value, expected, kind } = refusal(() => parseFeedSpec("walk?channels=x"));
  assert.equal(
    [action, value, expected, kind],
    ['use feed "walk?channels=x"', "channels=x is not valid", "a whole number from 1 to 128", "usage"],
  );
});

test("durations are read back from their shortest text", () => {
  for (const us of [1, 999, 1000, 100_000, 1_000_000, 90_000_000, 3_600_000_000, 86_400_000_000, 1_234_567])
    assert.is(readDuration(durationText(us)), us);
  assert.is(readDuration("1.5s"), 1_500_000);
  assert.is(readDuration("1 s"), undefined);
  assert.is(readDuration("1e3s"), undefined);
});

test("feeds of one session have different sources and groups", () => {
  const feeds = createFeeds(["walk", "walk", "host"], context);
  assert.equal(
    feeds.map(({ source }) => source),
    ["walk", "walk#2", "host"],
  );
});

test("live feeds of two nodes have sources and groups of their own, and a file is the same one on both", () => {
  const namesOn = (node: string) =>
    createFeeds(["host", "walk", "walk?delivery=once", "file:a.csv"], { ...context, node }).map(
      ({ source }) => source,
    );
  assert.equal(namesOn("a"), ["host@a", "walk@a", "walk#2@a", "file:a.csv"]);
  assert.equal(namesOn("b"), ["host@b", "walk@b", "walk#2@b", "file:a.csv"]);
  const published = "file:a.csv?delivery=live";
  assert.is(createFeeds([published], { ...context, node: "a" })[0]!.source, "file:a.csv@a");
});

test("a live feed of a node is a group of its own, unless the spec names one", async () => {
  const groupsOf = async (spec: string, node: string) => {
    const sink = await collectSpec(spec, { node });
    return [...sink.groups.values()].map(({ source, group }) => [source, group]);
  };
  const walk = "walk?rate=max&duration=1ms";
  assert.equal(await groupsOf(walk, "machine 7"), [["walk@machine 7", "walk-machine 7"]]);
  assert.equal(await groupsOf(`${walk}&group=plant`, "machine 7"), [["walk@machine 7", "plant"]]);
});

test("a long name of a node stays whole in the name of its feed", () => {
  const node = "n".repeat(100);
  const [feed] = createFeeds([`file:${"f".repeat(60)}.csv?delivery=live`], { ...context, node });
  assert.is(new TextEncoder().encode(feed!.source).length, MAX_NAME_BYTES);
  assert.match(feed!.source, `…@${node}`);
});

test("recorded feeds are merged into one, live ones stay apart", () => {
  const feeds = createFeeds(["file:a/x.csv", "host", "file:b/x.csv"], context);
  assert.equal(
    feeds.map(({ source, kind }) => `${source} ${kind}`),
    ["host live", "file:x.csv+file:x.csv#2 recorded"],
  );
});

test("a single recorded feed needs no merge", () => {
  assert.equal(
    createFeeds(["file:a.csv"], context).map(({ source }) => source),
    ["file:a.csv"],
  );
});

test("recorded feeds of different speeds are refused", () => {
  const error = refusal(() => createFeeds(["file:a.csv?speed=2", "file:b.csv?speed=3"], context));
  assert.match(error.message, /file:b\.csv\?speed=3.*the same speed/);
});

test("stdin is refused twice, and where there is none", () => {
  assert.match(
    refusal(() => createFeeds(["stdin", "stdin"], { ...context, stdin: pieces() })).message,
    /more than once/,
  );
  assert.match(refusal(() => createFeed("stdin", context)).message, /no standard input here/);
});

test("help names every kind and every option with its default", () => {
  const help = feedHelp();
  for (const [kind, { options }] of Object.entries(FEED_KINDS)) {
    assert.ok(help.includes(`\n  ${kind}`), kind);
    for (const option of Object.keys(options)) assert.ok(help.includes(option), option);
  }
  assert.ok(help.includes("(default 100ms)"));
  assert.ok(help.includes("file:PATH[?speed=…]"));
});

test.run();
