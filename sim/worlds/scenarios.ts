/** Every scenario, one row: its name here is its name everywhere. SCENARIOS.md lists the same rows. */

import { expectedAmong } from "../../protocol/closest-name.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { blockFlip } from "./markets/block-flip.ts";
import { cointegratedPairs } from "./markets/cointegrated-pairs.ts";
import { decoherence } from "./markets/decoherence.ts";
import { flashCrash } from "./markets/flash-crash.ts";
import { hawkesTrades } from "./markets/hawkes-trades.ts";
import { hestonJumps } from "./markets/heston-jumps.ts";
import { leadLag } from "./markets/lead-lag.ts";
import { orderBook } from "./markets/order-book.ts";
import { pointerCollapse } from "./markets/pointer-collapse.ts";
import { regimeSwitching } from "./markets/regime-switching.ts";
import { venueGap } from "./markets/venue-gap.ts";
import { burst } from "./metrics/burst.ts";
import { clockStep } from "./metrics/clock-step.ts";
import { drift } from "./metrics/drift.ts";
import { dropOut } from "./metrics/drop-out.ts";
import { filling } from "./metrics/filling.ts";
import { levelShift } from "./metrics/level-shift.ts";
import { phaseLocking } from "./metrics/phase-locking.ts";
import { serverMetrics } from "./metrics/server-metrics.ts";
import { spike } from "./metrics/spike.ts";
import { stuckSensor } from "./metrics/stuck-sensor.ts";
import { wandering } from "./metrics/wandering.ts";
import type { Scenario } from "./model/scenario.ts";
import { quantumShelving } from "./quantum/shelving.ts";
import { quantumLadder, quantumTelegraph } from "./quantum/telegraph.ts";
import { quantumZeno } from "./quantum/zeno.ts";

export const SCENARIOS: readonly Scenario[] = [
  regimeSwitching,
  flashCrash,
  decoherence,
  pointerCollapse,
  blockFlip,
  hawkesTrades,
  hestonJumps,
  leadLag,
  orderBook,
  cointegratedPairs,
  venueGap,
  serverMetrics,
  spike,
  levelShift,
  drift,
  filling,
  stuckSensor,
  dropOut,
  burst,
  wandering,
  clockStep,
  phaseLocking,
  quantumTelegraph,
  quantumLadder,
  quantumZeno,
  quantumShelving,
];

export function scenarioNames(): string[] {
  return SCENARIOS.map(({ name }) => name);
}

/** Scenarios that can change the samples of a running session. */
export function injectableNames(): string[] {
  return SCENARIOS.filter(({ disturb }) => disturb !== undefined).map(({ name }) => name);
}

/** Throws an EigenwatchError with the names that are near. */
export function findScenario(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  throw new EigenwatchError({
    action: `find scenario ${name}`,
    value: "there is none",
    expected: expectedAmong(name, scenarioNames()),
  });
}
