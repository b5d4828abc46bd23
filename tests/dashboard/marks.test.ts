// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { markedTypes } from "../../collab/dashboard/model/marks.ts";
import type { EventMessage } from "../../protocol/messages.ts";

test("of each type the page shows how many were measured, the newest one, and whether it was found", () => {
  const events = [
    event("effect.measured", "news", { distance: 0.3, p: 0.2, placebos: 999 }),
    event("effect.found", "deploy", { distance: 0.6 }),
    event("effect.measured", "deploy", { distance: 0.6, p: 0.001, placebos: 999 }),
    event("effect.measured", "deploy", { distance: 0.5, p: null, placebos: 40 }),
    event("effect.measured", "other", { distance: 0.1, p: 1, placebos: 999 }, "elsewhere"),
  ];
  assert.equal(markedTypes(events, "g"), [
    { type: "news", measured: 1, distance: 0.3, p: 0.2, placebos: 999, isFound: false },
    { type: "deploy", measured: 2, distance: 0.6, p: 0.001, placebos: 999, isFound: true },
  ]);
});

function event(kind: string, mark: string, detail: object, group = "g"): EventMessage {
  const about = { type: "event", sequence: 1, id: "p0/1/1", timeUs: 1, actor: "measurementEffect" } as const;
  return { ...about, kind, severity: "info", group, channels: [], title: "", detail: { mark, ...detail } };
}

test.run();
