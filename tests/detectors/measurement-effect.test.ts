// runtime: either
/** The effect of marked events: uniform p-values where nothing happens, power where something does, and what has no p-value. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { measurementEffect } from "../../actors/detectors/measurement-effect/detector.ts";
import type { Group } from "../../actors/ports/detector.ts";
import { float64Bytes } from "../../protocol/columns.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { normals } from "../support/random-streams.ts";
import { groupOf, InnovationBatch } from "../support/rows.ts";

const SECOND = 1_000_000;
const N = 3;
/** As few placebos and rows as settings allow nearly: p-values are multiples of 1/40. */
const PLACEBOS = 39;
const WINDOW = 24;
const SPAN = 2 * WINDOW;
const WARM_ROWS = (PLACEBOS + 2) * SPAN;

test("p-values of marks at which nothing happens are uniform, over 400 worlds", () => {
  const counts = new Array<number>(10).fill(0);
  for (let seed = 1; seed <= 400; seed++) {
    const world = new World(seed);
    world.mark(WARM_ROWS + 7, "news");
    world.rows(WARM_ROWS + SPAN);
    const [{ p, placebos }] = world.measured() as unknown as [{ p: number; placebos: number }];
    assert.ok(placebos >= PLACEBOS);
    counts[Math.min(9, Math.floor(p * 10 - 1e-9))]!++;
  }
  const chiSquare = counts.reduce((sum, count) => sum + (count - 40) ** 2 / 40, 0);
  console.log(
    `p-values of 400 marks without an effect, by tenths: ${counts.join(" ")}, χ² ${chiSquare.toFixed(1)}`,
  );
  // χ² with nine degrees of freedom exceeds 27.9 once in a thousand.
  assert.ok(chiSquare < 27.9, `χ² ${chiSquare}`);
});

test("[E2] a type of events around which channels part is found within a few marks, one beside it is not", () => {
  for (const seed of [1, 2, 3]) {
    const world = new World(seed);
    const apart: number[] = [];
    for (let k = 0; k < 12; k++) {
      const at = WARM_ROWS + 4 * SPAN * k;
      world.mark(at, "deploy").mark(at + 2 * SPAN, "news");
      apart.push(at);
    }
    world.rows(WARM_ROWS + 50 * SPAN, (row) => apart.some((at) => row > at && row <= at + WINDOW));
    const found = world.actor.events.filter(({ kind }) => kind === "effect.found");
    assert.equal(
      found.map(({ detail }) => detail!["mark"]),
      ["deploy"],
      `seed ${seed}`,
    );
    assert.is(found[0]!.detail!["reading"], "association");
    const events = world.actor.events.filter(({ detail }) => detail!["mark"] === "deploy").slice(0, -1);
    assert.is(events.length, 12, "each mark is measured once");
  }
});

test("a mark before there are enough placebo times is measured without a p-value, and counts for nothing", () => {
  const world = new World(1);
  world.mark(100, "news").rows(400);
  const [event] = world.measured();
  assert.equal([event!["p"], event!["evidence"]], [null, 0]);
  const { distance, fidelity } = event as unknown as { distance: number; fidelity: number };
  assert.ok(distance > 0 && distance < 1 && fidelity > 0 && fidelity < 1);
  assert.equal(world.context().types, []);
});

test("[E1] a mark that comes late is measured, one too late or beside a gap is not, and says why", () => {
  const world = new World(1);
  world.rows(600).mark(500, "late").mark(50, "tooLate").mark(605, "gap").rows(1, undefined, 60).rows(200);
  const said = world.actor.events.map(({ kind, detail }) => [kind, detail!["mark"], detail!["reason"] ?? ""]);
  assert.equal(said, [
    ["effect.unmeasured", "tooLate", "there are too few rows before it"],
    ["effect.measured", "late", ""],
    ["effect.unmeasured", "gap", "there is a gap in the rows around it"],
  ]);
  assert.equal(world.context().pending, []);
});

test("[E1] of marks that come late all at once those of one place are judged at one row, and every one is", () => {
  const world = new World(1);
  world.rows(600);
  const places = Array.from({ length: 60 }, (_, k) => 450 + 2 * k);
  for (const place of places) world.mark(place, "list").mark(place, "list");
  const perRow = places.map((_, k) => {
    const before = world.measured().length;
    // The last marks wait for the rows after them.
    for (let further = k < 54 ? 1 : 12; further > 0; further--) world.rows(1);
    return world.measured().slice(before);
  });
  for (const judged of perRow.slice(0, 54)) {
    assert.is(judged.length, 2);
    assert.is(judged[0]!["squaredDistance"], judged[1]!["squaredDistance"]);
  }
  assert.is(world.measured().length, 120);
  assert.equal(world.context().pending, []);
});

test("[E1] marks far ahead hold no place that an earlier one needs, and those that lose theirs say so", () => {
  const world = new World(1);
  world.rows(600);
  for (let k = 0; k < 256; k++) world.mark(1_000_000 + k, "plan");
  world.mark(2_000_000, "farther").mark(550, "late").rows(100);
  const said = world.actor.events.map(({ kind, detail }) => [
    kind,
    detail!["mark"],
    (detail!["atUs"] as number) / SECOND - 0.5,
    detail!["reason"] ?? "",
  ]);
  const reason = "256 others that come before it wait for their rows";
  assert.equal(said, [
    ["effect.unmeasured", "farther", 2_000_000, reason],
    ["effect.unmeasured", "plan", 1_000_255, reason],
    ["effect.measured", "late", 550, ""],
  ]);
  assert.is(world.context().pending.length, 255);
});

test("marks count in the spans of no placebo, and other kinds of events only where settings name them", () => {
  const quiet = new World(1);
  quiet.rows(10 * SPAN);
  const marked = new World(1);
  for (let k = 0; k < 10; k++) marked.mark(k * SPAN + 30, "news");
  marked.rows(10 * SPAN);
  assert.ok(quiet.placebos() >= 9);
  assert.is(marked.placebos(), 0);
  const incidents = new World(1, { events: "incident.opened" });
  incidents
    .event("incident.opened", 500, { sinceUs: 490 * SECOND })
    .event("injection.started", 500, {})
    .rows(600);
  assert.equal(
    incidents.actor.events.map(({ detail }) => [detail!["mark"], detail!["atUs"]]),
    [["incident.opened", 490 * SECOND]],
  );
});

test("around a mark of whole states it says what a projective measurement of the marked levels does, and what was seen", () => {
  const group: Group = { ...groupOf(2), states: true };
  const actor = new ActorHarness(
    measurementEffect,
    { measurementEffect: { enabled: true, placebos: 19 } },
    group,
  );
  const send = (second: number, re: number[]) => {
    const of = { group: "group", source: "lab", sequence: second, timeUs: second * SECOND };
    const body = { re: float64Bytes(Float64Array.from(re)), im: float64Bytes(new Float64Array(4)) };
    actor.input({ type: "densityMatrix", ...of, n: 2, ...body }, second * SECOND);
  };
  for (let k = 1; k <= 60; k++) send(k, [0.5, 0.5, 0.5, 0.5]);
  hear(actor, "mark.made", 60.5, { mark: "readout", atUs: 60.5 * SECOND }, ["c0"]);
  send(61, [1, 0, 0, 0]);
  const [event] = actor.signals.filter(({ type }) => type === "measured");
  const near = (key: string, expected: number) =>
    assert.ok(
      Math.abs(Number(event![key]) - expected) < 1e-9,
      `${key}: ${event![key]}, expected ${expected}`,
    );
  // |+⟩ measured in the basis: either outcome is at ½√2·… of it: T = √½; without a look the coherence is gone: T = ½; it was pure, so nothing is learnt.
  near("conditional", Math.SQRT1_2);
  near("unconditional", 0.5);
  near("gain", 0);
  near("fidelity", 0.5);
  near("distance", Math.SQRT1_2);
  assert.equal([event!["p"], event!["placebos"]], [1 / 20, 19], "the state stood still at all placebo times");
});

// ---- given, when, then ------------------------------------------------------------------------------------------

/** Independent rows of three channels with a common factor, a row a second. */
class World {
  readonly actor: ActorHarness;
  private readonly normal: () => number;
  private row = 0;
  private lostSeconds = 0;

  constructor(seed: number, settings: object = {}) {
    this.normal = normals(seed);
    const measurementEffectSettings = { enabled: true, placebos: PLACEBOS, windowRows: WINDOW, ...settings };
    this.actor = new ActorHarness(
      measurementEffect,
      { measurementEffect: measurementEffectSettings },
      groupOf(N),
    );
  }

  /** Something is marked after this row, perhaps before it comes. */
  mark(row: number, mark: string): this {
    return this.event("mark.made", this.row, { mark, atUs: (row + 0.5) * SECOND });
  }

  event(kind: string, row: number, detail: EventMessage["detail"]): this {
    hear(this.actor, kind, row, detail);
    return this;
  }

  /** So many further rows; `apart`: whether the common factor is gone in a row; after a gap of so many seconds. */
  rows(count: number, apart: (row: number) => boolean = () => false, gapSeconds = 0): this {
    const batch = new InnovationBatch(count, N);
    this.lostSeconds += gapSeconds;
    for (let r = 0; r < count; r++, this.row++) {
      batch.rowTime[r] = (this.row + this.lostSeconds) * SECOND;
      batch.gap[r] = gapSeconds > 0 && r === 0 ? 1 : 0;
      const common = this.normal();
      const share = apart(this.row) ? 0 : 0.8;
      for (let c = 0; c < N; c++)
        batch.rowInnovation[r * N + c] = Math.sqrt(share) * common + Math.sqrt(1 - share) * this.normal();
    }
    this.actor.now = (this.row + this.lostSeconds) * SECOND;
    this.actor.detector.update!(batch, this.actor);
    return this;
  }

  measured() {
    return this.actor.signals.filter(({ type }) => type === "measured");
  }

  placebos(): number {
    return this.actor.detector.fields["scalars"]![0]!;
  }

  context(): { readonly types: readonly object[]; readonly pending: readonly object[] } {
    return this.actor.machine.context as never;
  }
}

let ids = 0;

function hear(
  actor: ActorHarness,
  kind: string,
  second: number,
  detail: EventMessage["detail"],
  channels: string[] = [],
): void {
  const id = `p0/${++ids}/1`;
  const event: EventMessage = {
    type: "event",
    sequence: ids,
    id,
    timeUs: second * SECOND,
    kind,
    severity: "info",
    actor: "runtime",
    group: "group",
    channels,
    title: "",
    detail,
  };
  actor.hear({ event, finding: null, group: { ...groupOf(1), n: 0 } });
}

test.run();
