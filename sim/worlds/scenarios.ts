/** Every scenario, one row: its name here is its name everywhere. SCENARIOS.md lists the same rows. */
import { CommandError } from "../../actors/errors.ts";
import { expectedAmong } from "../../protocol/nearest.ts";
import { blockFlip } from "./block-flip.ts";
import { burst } from "./burst.ts";
import { clockStep } from "./clock-step.ts";
import { cointegratedPairs } from "./cointegrated-pairs.ts";
import { decoherence } from "./decoherence.ts";
import { drift } from "./drift.ts";
import { dropOut } from "./drop-out.ts";
import { flashCrash } from "./flash-crash.ts";
import { hawkesTrades } from "./hawkes-trades.ts";
import { hestonJumps } from "./heston-jumps.ts";
import { leadLag } from "./lead-lag.ts";
import { levelShift } from "./level-shift.ts";
import { orderBook } from "./order-book.ts";
import { pointerCollapse } from "./pointer-collapse.ts";
import { quantumShelving } from "./quantum/shelving.ts";
import { quantumLadder, quantumTelegraph } from "./quantum/telegraph.ts";
import { quantumZeno } from "./quantum/zeno.ts";
import { regimeSwitching } from "./regime-switching.ts";
import type { Scenario } from "./scenario.ts";
import { serverMetrics } from "./server-metrics.ts";
import { spike } from "./spike.ts";
import { stuckSensor } from "./stuck-sensor.ts";
import { venueGap } from "./venue-gap.ts";

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
  stuckSensor,
  dropOut,
  burst,
  clockStep,
  quantumTelegraph,
  quantumLadder,
  quantumZeno,
  quantumShelving,
];

export function scenarioNames(): string[] {
  return SCENARIOS.map(({ name }) => name);
}

/** Those that can be laid over real streams. */
export function injectableNames(): string[] {
  return SCENARIOS.filter(({ disturb }) => disturb !== undefined).map(({ name }) => name);
}

/** Throws CommandError with what may have been meant. */
export function findScenario(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const expected = expectedAmong(name, scenarioNames());
  throw new CommandError(`Cannot find scenario ${name}: there is none; expected ${expected}`);
}
