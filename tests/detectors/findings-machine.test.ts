// runtime: either
/** The machine of detectors that people add (docs/detectors.md), and of those of the program that find things which last. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MachineHost } from "../../actors/core/machine-host.ts";
import { findingsMachine, MOST_OPEN } from "../../actors/detectors/findings-machine.ts";
import type { Announcement } from "../../actors/ports/detector.ts";

const host = () => new MachineHost(findingsMachine("gap"), { group: "g" });

const found = (key: string, timeUs: number, more: object = {}) => ({
  ...{ type: "found", key, timeUs, title: `${key} is wide`, channels: ["a", "b"], effect: 3, evidence: 9 },
  ...more,
});
const over = (key: string, timeUs: number) => ({ type: "over", key, timeUs, title: `${key} is as usual` });

function announced(machine: MachineHost, ...signals: { type: string }[]): Announcement[] {
  return signals.flatMap((signal) => machine.send(signal)).map(({ params }) => params as never);
}

test("[F1] begin and end of one thing alternate; in between it grows", () => {
  const events = announced(
    host(),
    ...[
      over("x", 1),
      found("x", 2),
      found("y", 3),
      found("x", 4),
      over("x", 9),
      over("x", 10),
      found("x", 11),
    ],
  );
  assert.equal(
    events.map(({ kind, finding }) => [kind, finding!.key, finding!.phase, finding!.sinceUs]),
    [
      ["gap.found", "x", "opened", 2],
      ["gap.found", "y", "opened", 3],
      ["gap.found", "x", "grew", 2],
      ["gap.found-over", "x", "ended", 2],
      ["gap.found", "x", "opened", 11],
    ],
  );
  assert.is(events[3]!.detail!["lastedUs"], 7);
  assert.ok(events.every(({ severity }) => severity === "info"));
});

test("a signal names its kind, and what else it carries is in the detail", () => {
  const [event] = announced(host(), found("x", 5, { what: "pair", score: 2.5, names: ["a"] }));
  assert.is(event!.kind, "gap.pair");
  assert.equal(event!.detail, { atUs: 5, effect: 3, evidence: 9, score: 2.5, sinceUs: 5 });
});

test("[F1] a thing has any name, also one that all objects have", () => {
  for (const key of ["constructor", "__proto__", "toString"])
    assert.equal(
      announced(host(), found(key, 5), over(key, 9)).map(({ finding }) => [
        finding!.key,
        finding!.phase,
        finding!.sinceUs,
      ]),
      [
        [key, "opened", 5],
        [key, "ended", 5],
      ],
    );
});

test("a field __proto__ of a signal stands in the detail on every runtime, where the core refuses it", () => {
  const [event] = announced(host(), found("x", 5, JSON.parse('{"__proto__": 3}') as object));
  assert.ok(Object.keys(event!.detail!).includes("__proto__"));
});

test("[F2] the things that are open have a limit", () => {
  const machine = host();
  for (let k = 0; k < MOST_OPEN; k++) announced(machine, found(`k${k}`, k));
  assert.equal(announced(machine, found("more", 900)), []);
  announced(machine, over("k0", 901));
  assert.is(announced(machine, found("more", 902)).length, 1);
});

test("a saved machine goes on with what is open", () => {
  const machine = host();
  announced(machine, found("x", 1));
  const again = new MachineHost(findingsMachine("gap"), { group: "g" }, machine.save());
  assert.is(announced(again, over("x", 2))[0]!.finding!.sinceUs, 1);
});

test.run();
