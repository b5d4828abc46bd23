// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BadSamples } from "../../actors/feeds/bad-samples.ts";

type Report = [status: string, detail: string, counts: Readonly<Record<string, number>>];

function counted(): { bad: BadSamples; reports: Report[] } {
  const reports: Report[] = [];
  return { bad: new BadSamples((...report) => void reports.push(report)), reports };
}

test("the first bad sample of a reason is reported at once, the others as a total", () => {
  const { bad, reports } = counted();
  assert.is(bad.add("malformed"), true);
  bad.first("malformed", "line 7: abc");
  assert.is(bad.add("malformed"), false);
  assert.is(bad.add("malformed"), false);
  assert.is(bad.add("notPositive"), true);
  bad.total();
  assert.equal(reports, [
    ["running", "line 7: abc", { malformed: 1 }],
    ["running", "2 malformed, 1 notPositive", { malformed: 2, notPositive: 1 }],
  ]);
});

test("a gap is reported as one, also among other reasons", () => {
  const { bad, reports } = counted();
  bad.add("gap");
  bad.first("gap", "3 s without samples");
  bad.add("malformed");
  bad.add("gap");
  bad.total();
  assert.equal(
    reports.map(([status]) => status),
    ["gap", "gap"],
  );
});

test("nothing is reported twice, and nothing where there is nothing", () => {
  const { bad, reports } = counted();
  bad.total();
  bad.add("malformed");
  assert.equal(bad.take(), { malformed: 1 });
  bad.total();
  assert.equal(bad.take(), {});
  assert.equal(reports, []);
});

test.run();
