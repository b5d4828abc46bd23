// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Columns } from "../../collab/charts/columns.ts";
import { extremes, gaps, traceBand, traceLine } from "../../collab/charts/line-path.ts";
import { timeView } from "../../collab/charts/time-axis.ts";

class Paper {
  strokes: [number, number][][] = [];
  closed = 0;
  closePath(): void {
    this.closed++;
  }
  moveTo(x: number, y: number): void {
    this.strokes.push([[x, y]]);
  }
  lineTo(x: number, y: number): void {
    this.strokes[this.strokes.length - 1]!.push([x, y]);
  }
}

const view = timeView(995, 1000, 100);
const plain = { view, leftPx: 0, offset: 0, scale: 1, joinColumns: 2 };

test("a line reaches both extremes of every column", () => {
  const columns = new Columns(10, 200);
  for (let t = 0; t < 1000; t++) columns.add(t, Math.sin(t / 17) * 40 + (t === 503 ? 1000 : 0));
  const paper = new Paper();
  traceLine(paper, columns, plain);
  const points = paper.strokes.flat();
  for (let a = 0; a < 100; a++) {
    const own = points.filter(([x]) => Math.floor(x) === a).map(([, y]) => y);
    assert.ok(own.includes(columns.low(a)) && own.includes(columns.high(a)), `column ${a}`);
  }
  assert.ok(points.some(([, y]) => y > 900));
});

test("a column takes at most two points", () => {
  const columns = new Columns(10, 200);
  for (let t = 0; t < 1000; t++) columns.add(t, (t * 7919) % 101);
  const paper = new Paper();
  traceLine(paper, columns, plain);
  assert.ok(paper.strokes.flat().length <= 200);
});

test("a line is broken at a gap and nowhere else", () => {
  const columns = new Columns(10, 200);
  for (let t = 0; t < 1000; t += 10) if (t < 300 || t > 400) columns.add(t, 1);
  const paper = new Paper();
  traceLine(paper, columns, plain);
  assert.is(paper.strokes.length, 2);
  assert.equal(gaps(columns, view, 2), [[30, 40]]);
});

test("a band goes along its upper line and back along its lower one, apart where either has a gap", () => {
  const [lower, upper] = [new Columns(10, 200), new Columns(10, 200)];
  for (let t = 0; t < 1000; t += 10) {
    if (t < 300 || t > 400) lower.add(t, 1);
    if (t < 600 || t > 700) upper.add(t, 2 + (t === 50 ? 3 : 0));
  }
  const paper = new Paper();
  traceBand(paper, lower, upper, { ...plain, leftPx: 7 });
  assert.equal([paper.strokes.length, paper.closed], [3, 3]);
  const [first] = paper.strokes;
  assert.equal(first!.slice(0, 2), [
    [7.5, 2],
    [8.5, 2],
  ]);
  assert.equal(first![5], [12.5, 5], "the largest of a column");
  assert.equal(first!.at(-1), [7.5, 1]);
  assert.is(first!.length, 60);
});

test("sparse samples at their usual spacing are joined", () => {
  const columns = new Columns(10, 200);
  for (let t = 0; t < 1000; t += 100) columns.add(t, t);
  const paper = new Paper();
  traceLine(paper, columns, { ...plain, joinColumns: 10.5 });
  assert.is(paper.strokes.length, 1);
  assert.is(paper.strokes[0]!.length >= 10, true);
});

test("a joining distance of a fraction of a column reads the same columns", () => {
  const columns = new Columns(10, 200);
  for (let t = 0; t < 1000; t += 10) columns.add(t, t);
  const paper = new Paper();
  traceLine(paper, columns, { ...plain, view: timeView(995, 500, 50), joinColumns: 2.7 });
  assert.ok(paper.strokes.flat().length >= 50);
});

test("extremes look only at what is in view", () => {
  const columns = new Columns(10, 200);
  columns.add(5, 1000);
  columns.add(905, 3);
  columns.add(955, -2);
  const seen = { low: Number.NaN, high: Number.NaN };
  extremes(columns, timeView(995, 200, 20), seen);
  assert.equal(seen, { low: -2, high: 3 });
});

test.run();
