// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isOpportunity, opportunitiesOf } from "../../collab/dashboard/model/opportunity.ts";
import type { EventMessage } from "../../protocol/messages.ts";

function event(kind: string, detail: EventMessage["detail"], more: Partial<EventMessage> = {}): EventMessage {
  const id = `p0/${String(detail["sinceUs"])}/${kind}`;
  const of = { type: "event" as const, sequence: 1, id, timeUs: 0, severity: "info" as const, channels: [] };
  return { ...of, actor: "opportunity", group: "g", kind, title: kind, detail, ...more };
}

test("pairs are read from the measures of a state, the farthest apart first", () => {
  const found = opportunitiesOf(
    {
      purity: 0.4,
      "opportunity.tested": 6,
      "opportunity.tied": 2,
      "opportunity.z.a~b": 0.5,
      "opportunity.edge.a~b": -0.001,
      "opportunity.halfLife.a~b": 30,
      "opportunity.z.c.x~d": -2.5,
      "opportunity.edge.c.x~d": 0.01,
      "opportunity.halfLife.c.x~d": 60,
    },
    [],
    "g",
  )!;
  assert.equal([found.tested, found.tied], [6, 2]);
  assert.equal(found.pairs, [
    { names: "c.x~d", z: -2.5, edge: 0.01, halfLifeSeconds: 60 },
    { names: "a~b", z: 0.5, edge: -0.001, halfLifeSeconds: 30 },
  ]);
});

test("what was found and its end are one line, with how long it lasted; what has no end goes on", () => {
  const events = [
    event("opportunity.pair", { sinceUs: 7 }),
    event("opportunity.cycle-over", { sinceUs: 2, lastedUs: 3 }),
    event("opportunity.cycle", { sinceUs: 2 }),
    event("opportunity.pair", { sinceUs: 1 }, { group: "other" }),
    event("risk.turbulent", { sinceUs: 1 }, { actor: "risk" }),
  ];
  assert.equal(
    opportunitiesOf({ "opportunity.cycle": 0 }, events, "g")!.seen.map(({ title, lastedUs }) => [
      title,
      lastedUs,
    ]),
    [
      ["opportunity.pair", null],
      ["opportunity.cycle", 3],
    ],
  );
});

test("a group without such measures has none", () => {
  assert.is(opportunitiesOf({ "risk.turbulence": 1 }, [], "g"), null);
  assert.is(isOpportunity("risk.turbulence"), false);
});

test.run();
