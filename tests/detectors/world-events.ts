/** A world of known truth through one actor. */
import type { ActorDefinition } from "../../actors/ports/detector.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Truth } from "../../sim/worlds/model/scenario.ts";
import { findScenario } from "../../sim/worlds/scenarios.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { groupOf } from "../support/rows.ts";

/** Its usual run from seed 1, with a strength; 0: nothing happens. */
export function worldThrough(
  name: string,
  definition: ActorDefinition,
  settings: object,
  strength: number,
): ActorHarness & { readonly truth: readonly Truth[] } {
  const { channels, usualRate, usualDurationUs, create } = findScenario(name);
  const run = create({
    seed: 1,
    channels: channels.usual,
    rate: usualRate,
    durationUs: usualDurationUs,
    startUs: 1e15,
    strength,
    group: "group",
  });
  const declared = run.declarations[0]!;
  const { everyUs, innovation } = declared;
  const actor = new ActorHarness(
    definition,
    settings,
    groupOf(channels.usual, { channels: declared.channels, everyUs, innovation }),
  );
  for (let piece = run.next(); piece !== null; piece = run.next()) actor.feed(piece as Frame);
  return Object.assign(actor, { truth: run.truth });
}
