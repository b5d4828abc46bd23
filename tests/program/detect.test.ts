// runtime: either
// slow
/** `detect` as a filter: a row out for every row in, nothing looked at ahead. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { walkCsv } from "../support/walk-table.ts";

const ROWS = 1_200;
const DETECTORS = ["coherence", "collapse", "anomaly", "changes"] as const;
const folder = temporaryDirectory();

/** The table with what real tables have: empty cells, words, an unreadable time, a repeated one, a last line without its end. */
const odd = (() => {
  const [header, ...rows] = walkCsv(ROWS).trimEnd().split("\n");
  rows[100] = rows[100]!.replace(/,[^,]*,/, ",,");
  rows[200] = rows[200]!.replace(/[^,]*$/, "NaN");
  rows[300] = rows[300]!.replace(/[^,]*$/, "broken");
  rows[400] = `${rows[400]!.split(",")[0]},,,`;
  rows[500] = rows[500]!.replace(/^[^,]*/, "yesterday");
  rows[600] = rows[599]!;
  return { header: header!, rows };
})();
const table = join(folder, "odd.csv");
writeFileSync(table, [odd.header, ...odd.rows].join("\n"));

/** Every row of the output, by column. */
async function detected(args: string[], stdin?: string): Promise<Record<string, string>[]> {
  const { code, stdout, stderr } = await run(["detect", ...args], stdin === undefined ? {} : { stdin });
  assert.is(code, 0, stderr);
  const [header, ...rows] = stdout.trimEnd().split("\n");
  const names = header!.split(",");
  return rows.map((row) => {
    const cells = row.split(",");
    assert.is(cells.length, names.length, row);
    return Object.fromEntries(names.map((name, k) => [name, cells[k]!]));
  });
}

for (const detector of DETECTORS) {
  test(`${detector} has one row for each row, with its time as it stood, and knows nothing of later rows`, async () => {
    const rows = await detected([table, "--detector", detector]);
    assert.is(rows.length, ROWS);
    assert.equal(
      rows.map(({ timestamp }) => timestamp),
      odd.rows.map((row) => row.split(",")[0]),
    );
    const score = {
      coherence: null,
      collapse: "collapse_score",
      anomaly: "anomaly_score",
      changes: "change_score",
    }[detector];
    if (score !== null) {
      const scores = rows.map((row) => Number(row[score]));
      assert.ok(scores.every((value) => value >= 0 && value <= 1));
      assert.ok(
        scores.some((value) => value > 0.5),
        "something is found in the second half",
      );
    }
    for (const row of rows)
      for (const [name, cell] of Object.entries(row))
        assert.ok(
          name === "timestamp" || name === "channel" || cell === "" || Number.isFinite(Number(cell)),
          `${name} is ${cell}`,
        );

    const cut = Math.floor(ROWS * 0.7);
    const before = await detected(
      ["-", "--detector", detector],
      [odd.header, ...odd.rows.slice(0, cut)].join("\n"),
    );
    assert.equal(before, rows.slice(0, cut));
  });
}

test("collapse says when it was declared and when it began, in that order, only after the change", async () => {
  const rows = await detected([table, "--detector", "collapse"]);
  const first = rows.findIndex((row) => row["declared_at"] !== "");
  assert.ok(first >= ROWS / 2, `declared at row ${first}`);
  const { declared_at, changed_at } = rows[first]!;
  assert.ok(Number(changed_at) <= Number(declared_at));
});

test("changes are declared after they began, also before 1970, and never revised", async () => {
  const day = 86_400;
  const values = Array.from({ length: 120 }, (_, t) => (t < 60 ? 3 : 8) + ((t * 37) % 11) / 10);
  const csv = ["time,x", ...values.map((x, t) => `${(t - 300) * day},${x}`)].join("\n");
  const rows = await detected(["-", "--detector", "changes"], csv);
  const first = rows.findIndex((row) => row["declared_at"] !== "");
  assert.ok(first >= 75 && first < 90, `declared at row ${first}`);
  assert.is(Number(rows[first]!["changed_at"]), (60 - 300) * day * 1e6);
  assert.is(Number(rows[first]!["declared_at"]), (first - 300) * day * 1e6);
  for (const row of rows.slice(first)) assert.is(row["changed_at"], rows[first]!["changed_at"]);
});

test("CSV, NDJSON, gzip and standard input give the same rows", async () => {
  const expected = await detected([table]);
  const packed = join(folder, "odd.csv.gz");
  writeFileSync(packed, gzipSync([odd.header, ...odd.rows].join("\n")));
  assert.equal(await detected([packed]), expected);

  const { code, stdout } = await run(["detect", table, "--out", "ndjson"]);
  assert.is(code, 0);
  const objects = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string | number | null>);
  assert.equal(
    objects.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value ?? "")])),
    ),
    expected,
  );

  // Numbers as JSON has them: without the cells that no number is in.
  const fine = walkCsv(300).trimEnd().split("\n");
  const names = fine[0]!.split(",");
  const lines = fine.slice(1).map((row) => {
    const cells = row.split(",");
    return JSON.stringify(Object.fromEntries(names.map((name, k) => [name, Number(cells[k])])));
  });
  assert.equal(await detected(["-"], `${lines.join("\n")}\n`), await detected(["-"], walkCsv(300)));
});

test("--columns chooses what is looked at", async () => {
  const one = await detected([table, "--columns", "c2"]);
  const alone = odd.rows.map((row) => {
    const [time, , c2 = ""] = row.split(",");
    return `${time},${c2}`;
  });
  assert.equal(one, await detected(["-"], ["time,c2", ...alone].join("\n")));
  assert.not.equal(one, await detected([table, "--columns", "c1,c2"]));
});

test("more columns than a detector takes are refused with the option that chooses among them", async () => {
  for (const [detector, most] of [
    ["coherence", 128],
    ["anomaly", 1_024],
  ] as const) {
    const names = Array.from({ length: most + 1 }, (_, k) => `c${k}`);
    const stdin = `time,${names.join(",")}\n1,${names.map(() => 0).join(",")}\n`;
    const { code, stdout, stderr } = await run(["detect", "-", "--detector", detector], { stdin });
    assert.equal([code, stdout], [2, ""]);
    assert.match(stderr, `at most ${most}, or --columns NAMES`);
  }
});

test("an input without rows is refused by its name, which is standard input for -", async () => {
  const { code, stderr } = await run(["detect", "-"], { stdin: "" });
  assert.is(code, 2);
  assert.match(stderr, "Cannot read standard input: ");
});

test("times in ISO 8601, with commas or quotes in them, come out as they went in", async () => {
  const times = ["2024-05-01T12:30:00Z", "2024-05-01 12:30:01.250Z", '"2024-05-01T12:30:02,5Z"'];
  const { code, stdout } = await run(["detect", "-"], {
    stdin: `ts,a\n${times.map((time) => `${time},1`).join("\n")}\n`,
  });
  assert.is(code, 0);
  assert.equal(
    stdout.trimEnd().split("\n").slice(1),
    times.map((time) => `${time},0,0,`),
  );
});

test("a table whose numbers have decimal commas is refused as a feed refuses it, and nothing is written", async () => {
  const rows = Array.from({ length: 50 }, (_, k) => `${1_700_000_000 + k};${k},5`);
  const { code, stdout, stderr } = await run(["detect", "-"], { stdin: ["time;a", ...rows].join("\n") });
  assert.is(code, 2);
  assert.is(stdout, "");
  assert.match(
    stderr,
    /no column holds numbers: line 2, column a says "0,5"; expected numbers such as 1234\.5/,
  );
});

test("a row comes out while standard input is still open, and nothing breaks when the reader goes", async () => {
  const [header, ...rows] = walkCsv(400).trimEnd().split("\n");
  const filter = start(["detect", "-"]);
  filter.write(`${header}\n${rows[0]}\n`);
  await filter.matched(/^timestamp,anomaly_score,alarm,channel\n1700000000,0,0,\n/);
  filter.write(`${rows[1]}\n`);
  await filter.matched(/\n1700000001,/);
  filter.closeOutput();
  filter.write(rows.slice(2).join("\n"));
  filter.endInput("\n");
  const { code, stderr } = await filter.ended;
  assert.equal([code, stderr], [0, ""]);
});

test.run();
