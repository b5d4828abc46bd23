// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { marksOf } from "../../actors/feeds/mod.ts";
import { readCommand } from "../../protocol/commands.ts";

test("marks are read from a table, columns in any order, with quotes", () => {
  const marks = marksOf(
    'type,time,title\r\nnews,2026-01-05T14:30:00Z,"Fed, ""as"" expected"\r\n\r\norder,1767623400000000,\r\n',
  );
  assert.equal(marks, [
    { type: "news", atUs: Date.UTC(2026, 0, 5, 14, 30) * 1000, title: 'Fed, "as" expected' },
    { type: "order", atUs: 1_767_623_400_000_000 },
  ]);
  for (const mark of marks) assert.is(readCommand("mark", mark).body.atUs, mark.atUs);
});

test("times of marks are read as those of the data that they are about", () => {
  const at = Date.UTC(2026, 0, 5, 14, 30) * 1000;
  for (const time of [
    "1767623400",
    "1767623400000",
    "1767623400000000",
    "1767623400000000000",
    "2026-01-05 14:30",
  ])
    assert.equal(marksOf(`time,type\n${time},news\n`), [{ type: "news", atUs: at }]);
});

test("a table that is none of marks is refused with the line, what it has, and what is expected", () => {
  const refused: [string, RegExp][] = [
    ["when,type\n", /line 1: column when; expected time,type,title,group/],
    ["time\n", /line 1: no column time or type/],
    [
      "time,type\n2026-01-05T14:30:00Z,news\nsoon,news\n",
      /line 3: column time: soon; expected seconds, ms, µs or ns since the epoch, or ISO 8601/,
    ],
    ["time,type\n,news\n", /line 2: column time is empty; expected a time in each line/],
    ["type,time\n,2026-01-05T14:30:00Z\n", /line 2: column type is empty; expected a type in each line/],
    ["type,time\ntwo words,2026-01-05T14:30:00Z\n", /line 2: column type is .*; expected 1 to 64 letters/],
    [
      "time,type,title\n2026-01-05T14:30:00Z,news,Fed, cut\n",
      /line 2: 4 fields; expected 3: time,type,title/,
    ],
    ['time,type\n"2026-01-05T14:30:00Z,news\n', /line 2 has a quote that is never closed/],
  ];
  for (const [csv, message] of refused) assert.throws(() => marksOf(csv), message);
});

test("a mark needs a type without spaces, and a title on one line", () => {
  const refused = [{}, { type: "two words" }, { type: "news", title: "a\nb" }, { type: "news", atUs: 0.5 }];
  for (const body of refused) assert.throws(() => readCommand("mark", body), /^Cannot mark/);
});

test.run();
