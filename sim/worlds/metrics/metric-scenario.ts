/** A scenario of server metrics in which one event affects one channel. */

import { rowsRun } from "../model/rows.ts";
import type { Scenario, ScenarioOptions } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, type Window } from "../model/window.ts";
import { type Happening, MetricsWorld } from "./metrics-world.ts";

/** The parts in which these scenarios differ. */
export interface MetricScenario extends Pick<Scenario, "name" | "title" | "source"> {
  /** Duration of the event; 0: one sample. */
  readonly shareOfRun: number;
  readonly disturb: NonNullable<Scenario["disturb"]>;
}

export function metricScenario(scenario: MetricScenario): Scenario & Pick<MetricScenario, "disturb"> {
  return {
    ...METRICS_USUALS,
    name: scenario.name,
    title: scenario.title,
    source: scenario.source,
    disturb: scenario.disturb,
    create(options) {
      const variates = new Variates(options.seed, "happening");
      const window = drawWindow(options, variates, scenario.shareOfRun);
      const happening = disturbedChannel(scenario, options, window, variates.whole(options.channels));
      return rowsRun(scenario.name, options, new MetricsWorld(options, [happening]));
    },
  };
}

/** The disturbance of the scenario on one channel. */
export function disturbedChannel(
  { disturb, shareOfRun }: MetricScenario,
  options: ScenarioOptions,
  window: Window,
  channel: number,
): Happening {
  const { fromUs, untilUs } = window;
  const { seed, strength } = options;
  const disturbance = disturb({ seed, strength, fromUs, durationUs: untilUs - fromUs, channels: 1 });
  const names = new MetricsWorld(options, []).channels;
  const affected = shareOfRun === 0 ? { fromUs, untilUs: fromUs } : window;
  const truth = plan(options, affected, { ...disturbance.truth, channels: [names[channel]!.name] });
  return { window, truth, channel, disturbance, clockStepUs: 0 };
}

/** Half a day with a row every ten seconds. */
export const METRICS_USUALS = {
  family: "metrics",
  channels: { least: 1, most: 128, usual: 8 },
  usualRate: 0.1,
  usualDurationUs: 43_200e6,
} as const;
