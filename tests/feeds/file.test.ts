import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import { createManualClock } from "../support/clock.ts";
import { collectingSink, collectSpec, collectText, totalCounts, withFile } from "./collect.ts";

/** A wide table with one row a second from `start` s. */
function secondly(
  rows: number,
  cells: (row: number) => string,
  header = "ts,a,b",
  start = 1_600_000_000,
): string {
  let text = `${header}\n`;
  for (let k = 0; k < rows; k++) text += `${start + k},${cells(k)}\n`;
  return text;
}

test("wide file becomes rows of its columns, in a group of the file's name", async () => {
  const { groups, samples, statuses } = await collectText(
    secondly(3, (k) => `${k},${k + 0.5}`),
    "",
    "pumps.csv",
  );
  const group = groups.get("pumps")!;
  assert.equal(
    group.channels.map(({ name }) => name),
    ["a", "b"],
  );
  assert.equal(
    [group.sampling, group.everyUs, group.innovation, group.source],
    ["rows", 1_000_000, "difference", "file:pumps.csv"],
  );
  assert.equal(
    samples.map(({ channel, time, value, size }) => [channel, time, value, size]),
    [0, 1, 2].flatMap((k) => [
      ["a", (1_600_000_000 + k) * 1e6, k, null],
      ["b", (1_600_000_000 + k) * 1e6, k + 0.5, null],
    ]),
  );
  assert.equal(
    statuses.map(({ status }) => status),
    ["opened", "ended"],
  );
});

test("long file of trades becomes ticks with sizes and log returns", async () => {
  const text = "ts_ms,symbol,price,size\n1000,A,10,100\n1400,B,20,\n1700,A,11,300\n9000,B,21,5\n";
  const { groups, samples } = await collectText(text, "", "trades.csv");
  const group = groups.get("trades")!;
  assert.equal([group.sampling, group.innovation], ["ticks", "logReturn"]);
  assert.ok(group.everyUs >= 1_000_000);
  assert.equal(
    samples.map(({ channel, value, size }) => [channel, value, size]),
    [
      ["A", 10, 100],
      ["B", 20, 0],
      ["A", 11, 300],
      ["B", 21, 5],
    ],
  );
});

test("long file whose symbols share their times becomes rows", async () => {
  let text = "ts,symbol,close\n";
  for (let k = 0; k < 50; k++)
    for (const symbol of ["A", "B", "C"]) text += `${1_600_000_000 + 60 * k},${symbol},${10 + k}\n`;
  const group = (await collectText(text)).groups.get("table")!;
  assert.equal([group.sampling, group.everyUs, group.innovation], ["rows", 60_000_000, "logReturn"]);
});

test("long file whose symbols have several values at one time becomes ticks", async () => {
  let text = "ts,symbol,price\n";
  for (let k = 0; k < 50; k++)
    for (const symbol of ["A", "B", "A", "B"]) text += `${1_600_000_000 + 60 * k},${symbol},${10 + k}\n`;
  assert.is((await collectText(text)).groups.get("table")!.sampling, "ticks");
});

test("options override what the rows suggest", async () => {
  const { groups } = await collectText(
    secondly(5, (k) => `${k + 1},1`, "ts,price,last"),
    "innovation=ar1&every=5s&unit=USD&group=mine",
  );
  const group = groups.get("mine")!;
  assert.equal([group.innovation, group.everyUs, group.channels[0]!.unit], ["ar1", 5_000_000, "USD"]);
});

test("prices that are not all positive have differences as innovations", async () => {
  const { groups } = await collectText(secondly(5, (k) => `${k - 2},1`, "ts,price,last"));
  assert.is(groups.get("table")!.innovation, "difference");
});

test("a value without logarithm is left out and counted when innovations are log returns", async () => {
  const result = await collectText(
    secondly(3, (k) => `${k},1`),
    "innovation=logReturn",
  );
  assert.equal(totalCounts(result), { notPositive: 1 });
  assert.is(result.samples.length, 5);
});

test("columns of text are left out and named", async () => {
  const { groups, statuses } = await collectText(secondly(3, (k) => `${k},pump`));
  assert.equal(
    groups.get("table")!.channels.map(({ name }) => name),
    ["a"],
  );
  assert.match(statuses[0]!.detail, /left out, no numbers: b/);
  assert.match(statuses.at(-1)!.detail, /3 rows, 3 samples; left out, no numbers: b/);
});

test("a table without a number in any column fails and shows a cell", async () => {
  const decimalCommas = await collectText("ts;a;b\n1000000000;1,5;2,5\n1000000001;1,6;2,6\n", "", "x.csv");
  assert.equal(
    decimalCommas.statuses.map(({ status }) => status),
    ["failed"],
  );
  assert.match(
    decimalCommas.statuses[0]!.detail,
    /^Cannot read .*x\.csv: no column holds numbers: line 2, column a says "1,5"; expected numbers such as 1234\.5$/,
  );
});

test("a table with thousands separators in one column fails, unless the others are chosen", async () => {
  const text = 'ts,label,a,b\n1000000000,x,999.5,1\n1000000001,y,"1,234.50",2\n';
  const { statuses, samples } = await collectText(text, "", "x.csv");
  assert.equal(samples, []);
  assert.match(
    statuses[0]!.detail,
    /^Cannot read .*x\.csv: line 3, column a says "1,234\.50"; expected numbers such as 1234\.5,/,
  );
  const chosen = await collectText(text, "columns=b", "x.csv");
  assert.is(chosen.samples.length, 2);
});

test("a table of nearly as many columns as a row has room for is read", async () => {
  const many = ",".repeat(400_000);
  const { samples, statuses } = await collectText(`ts,a${many}\n1000000000,1${many}\n`);
  assert.is(samples.length, 1);
  assert.match(statuses[0]!.detail, /: 1 channels, .*; left out, no numbers: column 3, .* \(400000\)$/);
});

test("a column without a name is left out when it is empty, else named by its place", async () => {
  const trailing = await collectText("ts,a,\n1000000000,1,\n1000000001,2,\n");
  assert.equal(totalCounts(trailing), {});
  assert.equal(
    trailing.samples.map(({ channel }) => channel),
    ["a", "a"],
  );
  const index = await collectText(",a\n1000000000,1\n1000000001,2\n", "time=column%201");
  assert.equal(
    index.samples.map(({ time }) => time),
    [1e15, 1e15 + 1e6],
  );
  const unnamed = await collectText("ts,,b\n1000000000,1,2\n");
  assert.equal(
    unnamed.samples.map(({ channel }) => channel),
    ["column 2", "b"],
  );
});

test("long file delivers only the chosen symbols and names those it never saw", async () => {
  const text = "ts,symbol,price\n1,A,1\n1,B,2\n1,C,3\n2,A,1\n2,B,2\n2,C,3\n";
  const result = await collectText(text, "columns=A,C,X");
  assert.equal(
    result.samples.map(({ channel }) => channel),
    ["A", "C", "A", "C"],
  );
  assert.match(result.statuses.at(-1)!.detail, /never seen: X/);
  const skipped = await collectText(text, "skip=A");
  assert.equal(
    skipped.samples.map(({ channel }) => channel),
    ["B", "C", "B", "C"],
  );
});

test("chosen symbols are channels in the order in which they are named", async () => {
  const text = "ts,symbol,price\n1,A,1\n1,B,2\n1,C,3\n2,A,4\n2,B,5\n2,C,6\n";
  const { groups, samples } = await collectText(text, "columns=C,X,A");
  assert.equal(
    groups.get("table")!.channels.map(({ name }) => name),
    ["C", "A"],
  );
  assert.equal(
    samples.map(({ channel, value }) => [channel, value]),
    [
      ["A", 1],
      ["C", 3],
      ["A", 4],
      ["C", 6],
    ],
  );
});

test("of a wide table of bars the close has the volume, of each thing its own", async () => {
  const text = "ts,A.close,A.volume,B.open,B.close,price\n1,10,500,1,2,3\n2,11,600,1,2,3\n";
  const { samples } = await collectText(text);
  assert.equal(
    samples.filter(({ time }) => time === 1e6).map(({ channel, size }) => [channel, size]),
    [
      ["A.close", 500],
      ["A.volume", 0],
      ["B.open", 0],
      ["B.close", 0],
      ["price", 0],
    ],
  );
  const plain = await collectText("ts,close,size\n1,10,0\n");
  assert.equal(
    plain.samples.map(({ channel, size }) => [channel, size]),
    [
      ["close", 0],
      ["size", 0],
    ],
  );
});

test("missing, NaN, infinite and unparsable cells and bad times are counted and never end the feed", async () => {
  const text = "ts,a,b\n1,1,2\n2,,3\n3,NaN,4\n4,inf,5\n5,abc,6\nnever,7,7\n6,8,8\n7,9,9,extra\n";
  const result = await collectText(text);
  assert.equal(totalCounts(result), {
    missing: 1,
    nan: 1,
    infinite: 1,
    unparsable: 1,
    badTime: 1,
    ragged: 1,
  });
  assert.is(result.samples.length, 10);
  assert.ok(result.samples.every(({ value }) => Number.isFinite(value)));
  const details = result.statuses.map(({ detail }) => detail);
  assert.ok(details.includes('line 6, column a: "abc" is unparsable'), details.join(" | "));
  assert.ok(details.includes('line 7, column ts: "never" is badTime'));
  assert.is(result.statuses.at(-1)!.status, "ended");
});

test("the first of a reason is reported at once and in its place, the rest in totals", async () => {
  const result = await collectText(secondly(25_000, (k) => (k >= 5 ? "x,1" : "1,1")));
  const reports = result.statuses.filter(({ status }) => status === "running");
  assert.equal(
    reports.map(({ counts }) => counts["unparsable"]),
    [1, 9_994, 10_000],
  );
  assert.equal(result.statuses.at(-1)!.counts, { unparsable: 5_000 });
  const before = result.order
    .slice(0, result.order.indexOf("running"))
    .filter((item) => item.startsWith("frame"));
  // Five rows of two samples stand before the sixth, whose first cell is bad.
  assert.equal(before, ["frame 10"]);
});

test("a jump of more than five spacings is a gap, a shorter one is not", async () => {
  const times = [0, 1, 2, 3, 4, 8, 9, 15, 16];
  const text = `ts,a\n${times.map((t) => `${1e9 + t},1\n`).join("")}`;
  const result = await collectText(text);
  assert.equal(totalCounts(result), { gap: 1 });
  const gap = result.statuses.find(({ status }) => status === "gap")!;
  assert.is(gap.detail, "line 9: no rows for 6 spacings");
});

test("samples that go back in time are delivered in their place, and counted", async () => {
  const text = `ts,a\n${[5, 6, 4, 5, 7].map((t) => `${1e9 + t},${t}\n`).join("")}`;
  const result = await collectText(text);
  assert.equal(
    result.samples.map(({ value }) => value),
    [5, 6, 4, 5, 7],
  );
  assert.equal(totalCounts(result), { backward: 2 });
});

test("frames are numbered 1, 2, … and begin with a row", async () => {
  const { frames } = await collectText(secondly(1000, (k) => `${k},1`));
  assert.equal(
    frames.map(({ sequence }) => sequence),
    frames.map((_, k) => k + 1),
  );
  assert.ok(frames.every(({ count }) => count % 2 === 0 && count <= 256));
});

test("more than 128 columns are spread over groups, and rows leave whole", async () => {
  const names = Array.from({ length: 300 }, (_, k) => `c${k}`);
  const result = await collectText(
    secondly(4, (k) => names.map(() => k).join(","), `ts,${names.join(",")}`),
    "",
    "many.csv",
  );
  assert.equal(
    [...result.groups].map(([name, { channels }]) => [name, channels.length]),
    [
      ["many", 128],
      ["many-2", 128],
      ["many-3", 44],
    ],
  );
  const times = result.samples.map(({ time }) => time);
  assert.equal(
    times,
    [...times].sort((a, b) => a - b),
  );
  assert.is(result.samples.length, 1200);
});

test("symbols that appear later extend the group, and open another when it is full", async () => {
  let text = "ts,symbol,value\n";
  // The first 4,000 rows, by which a table is planned, know of two symbols only.
  for (let k = 0; k < 4000; k++) text += `${1e9 + k},s${k % 2},1\n`;
  for (let k = 0; k < 200; k++) text += `${1e9 + 4000 + k},late${k},2\n`;
  const result = await collectText(text, "sampling=ticks");
  assert.equal(
    [...result.groups].map(([name, { channels }]) => [name, channels.length]),
    [
      ["table", 128],
      ["table-2", 74],
    ],
  );
  assert.is(result.samples.length, 4200);
  assert.is(result.samples.at(-1)!.channel, "late199");
});

test("rows with an empty symbol are counted", async () => {
  const result = await collectText("ts,symbol,value\n1,A,1\n2,,2\n3,A,3\n");
  assert.equal(totalCounts(result), { noSymbol: 1 });
  assert.is(result.samples.length, 2);
});

test("the same table gives the same frames and reports in any chunks, plain or gzipped", async () => {
  const text = secondly(9000, (k) => (k % 1000 === 7 ? `bad,${k}` : `${k},${-k}`));
  const plain = await collectText(text);
  const packed = await collectText(gzipSync(text), "", "table.csv");
  assert.equal(packed.order, plain.order);
  assert.equal(packed.frames, plain.frames);
  assert.equal(packed.samples, plain.samples);
});

test("a file that cannot be read further ends as failed, after its good rows", async () => {
  const missing = await collectSpec("file:/no/such/file.csv");
  assert.equal(
    missing.statuses.map(({ status, detail }) => [status, detail]),
    [["failed", "Cannot read /no/such/file.csv: there is no such file"]],
  );
  const cut = await collectText(`${secondly(10, (k) => `${k},1`)}1600000010,"2,3\n`);
  assert.is(cut.samples.length, 20);
  assert.is(cut.statuses.at(-1)!.status, "failed");
  assert.match(cut.statuses.at(-1)!.detail, /line 12 has a quote that is never closed/);
});

test("a recorded feed waits while the sink is full, and loses nothing", async () => {
  await withFile(
    "table.csv",
    secondly(2000, (k) => `${k},1`),
    async (path) => {
      const sink = collectingSink();
      sink.fullAfter = 3;
      const running = createFeed(`file:${path}`, { clock: createManualClock(), seed: 1 }).run(sink);
      while (sink.frames.length < 3) await new Promise((resolve) => setImmediate(resolve));
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      assert.is(sink.frames.length, 3);
      sink.release();
      await running;
      assert.is(sink.samples.length, 4000);
    },
  );
});

test("a paced file sends each row when it is due", async () => {
  await withFile(
    "table.csv",
    secondly(5, (k) => `${k},1`),
    async (path) => {
      const clock = createManualClock(1e12);
      const sink = collectingSink();
      const running = createFeed(`file:${path}?speed=2`, { clock, seed: 1 }).run(sink);
      const rowsAt: number[] = [];
      while (sink.samples.length === 0) await clock.advance(0);
      for (let k = 0; k < 5; k++) {
        rowsAt.push(sink.samples.length / 2);
        await clock.advance(499.5);
        rowsAt.push(sink.samples.length / 2);
        await clock.advance(0.5);
      }
      await running;
      assert.equal(
        rowsAt.filter((_, k) => k % 2 === 0),
        [1, 2, 3, 4, 5],
      );
      assert.is(sink.statuses.at(-1)!.status, "ended");
    },
  );
});

test("[R3] a file that was stopped and is read again gives the same frames under the same numbers", async () => {
  const text = secondly(3000, (k) => `${k},1`);
  await withFile("table.csv", text, async (path) => {
    const whole = (await collectSpec(`file:${path}`)).frames;
    for (const fullAfter of [1, 5, 9]) {
      const feed = createFeed(`file:${path}`, { clock: createManualClock(), seed: 1 });
      const sink = collectingSink();
      sink.fullAfter = fullAfter;
      const running = feed.run(sink);
      while (sink.frames.length < fullAfter) await new Promise((resolve) => setImmediate(resolve));
      await feed.stop();
      await running;
      assert.equal(sink.frames, whole.slice(0, sink.frames.length));
    }
  });
});

test("[R3] a paced file has the same frames for any delay of timers", async () => {
  // Rows 0.4 ms apart: some leave together.
  let text = "ts_us,a\n";
  for (let k = 0; k < 200; k++) text += `${1e15 + 400 * k},1\n`;
  await withFile("table.csv", text, async (path) => {
    const cut = async (stepMs: number): Promise<number[]> => {
      const clock = createManualClock(1e12);
      const sink = collectingSink();
      const running = createFeed(`file:${path}?speed=1`, { clock, seed: 1 }).run(sink);
      let ended = false;
      void running.then(() => {
        ended = true;
      });
      while (!ended) await clock.jump(stepMs);
      return sink.frames.map(({ count }) => count);
    };
    const punctual = await cut(0.25);
    assert.equal(await cut(7), punctual);
    assert.equal(punctual.slice(0, 4), [3, 2, 3, 2]);
  });
});

test("a stopped file feed ends early, also while it sleeps or waits for the sink", async () => {
  await withFile(
    "table.csv",
    secondly(5000, (k) => `${k},1`),
    async (path) => {
      const clock = createManualClock();
      for (const query of ["?speed=1", ""]) {
        const feed = createFeed(`file:${path}${query}`, { clock, seed: 1 });
        const sink = collectingSink();
        sink.fullAfter = 1;
        const running = feed.run(sink);
        while (sink.frames.length === 0) await clock.advance(0);
        await feed.stop();
        await running;
        assert.ok(sink.samples.length < 10_000);
        assert.is(sink.statuses.at(-1)!.status, "ended");
      }
    },
  );
});

test("every finite value of a written table comes out of the feed", async () => {
  const value = fc.double({ noNaN: true, noDefaultInfinity: true });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 50 }), async (rows) => {
      const { samples } = await collectText(secondly(rows.length, (k) => rows[k]!.join(",")));
      assert.equal(
        samples.map((sample) => sample.value),
        rows.flat().map((x) => Number(String(x))),
      );
    }),
    { numRuns: 40 },
  );
});

test.run();
