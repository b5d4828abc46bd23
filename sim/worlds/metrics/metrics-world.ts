/**
 * Metrics of servers: a level, a daily season, and autocorrelated noise that channels partly share, as they share the load.
 *
 *   value = level + swing · season(time of day) + spread · noise
 *   season = 0.8 sin(2πt/day + phase) + 0.2 sin(4πt/day)        noise: AR(1), variance 1, common part COMMON
 *
 * An event changes a channel by a disturbance, or the clock that stamps the rows.
 */
import sincos from "@stdlib/math-base-special-sincos";
import type { Channels } from "../../../protocol/messages.ts";
import type { RowWorld } from "../model/rows.ts";
import type { Disturbance, ScenarioOptions, Truth } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { type Window, within } from "../model/window.ts";

/** An event of one channel, or of the clock. */
export interface Happening {
  readonly window: Window;
  readonly truth: readonly Truth[];
  readonly channel: number;
  readonly disturbance: Disturbance | null;
  /** Error of the clock within the window, µs. */
  readonly clockStepUs: number;
}

interface Metric {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly level: number;
  readonly swing: number;
  readonly spread: number;
}

// biome-ignore format: one row a line
const METRICS: readonly Metric[] = [
  { name: "cpu", title: "Processor", unit: "%", level: 35, swing: 20, spread: 2 },
  { name: "memory", title: "Memory", unit: "%", level: 60, swing: 5, spread: 0.5 },
  { name: "requests", title: "Requests", unit: "1/s", level: 800, swing: 500, spread: 40 },
  { name: "latency", title: "Latency", unit: "ms", level: 40, swing: 12, spread: 2.5 },
  { name: "errors", title: "Errors", unit: "1/s", level: 2, swing: 1, spread: 0.15 },
  { name: "disk", title: "Disk", unit: "%", level: 55, swing: 0.5, spread: 0.1 },
  { name: "network", title: "Network", unit: "MB/s", level: 120, swing: 70, spread: 6 },
  { name: "temperature", title: "Temperature", unit: "°C", level: 45, swing: 6, spread: 0.4 },
];

const DAY_US = 86_400e6;
/** Correlation of the noise from one row to the next. */
export const PERSISTENCE = 0.6;
/** Share of the variance of the noise that all channels share. */
export const COMMON = 0.3;

export class MetricsWorld implements RowWorld {
  readonly channels: Channels["channels"];
  readonly innovation = "ar1";
  readonly planned: readonly Truth[];
  private readonly happenings: readonly Happening[];
  private readonly variates: Variates;
  private readonly noise: Float64Array;

  constructor({ seed, channels }: ScenarioOptions, happenings: readonly Happening[]) {
    this.channels = Array.from({ length: channels }, (_, k) => {
      const { name, title, unit } = metricOf(k);
      const server = Math.floor(k / METRICS.length) + 1;
      return { name: `${name}-${server}`, title: `${title} ${server} (synthetic)`, unit };
    });
    this.happenings = happenings;
    this.planned = happenings.flatMap(({ truth }) => truth);
    this.variates = new Variates(seed, "metrics");
    this.noise = Float64Array.from({ length: channels }, () => this.variates.normal());
  }

  row(timeUs: number, values: Float64Array): number {
    const common = Math.sqrt(COMMON) * this.variates.normal();
    for (let k = 0; k < values.length; k++) {
      const fresh = common + Math.sqrt(1 - COMMON) * this.variates.normal();
      this.noise[k] = PERSISTENCE * this.noise[k]! + Math.sqrt(1 - PERSISTENCE * PERSISTENCE) * fresh;
      const { level, swing, spread } = metricOf(k);
      values[k] = level + swing * season(timeUs, k) + spread * this.noise[k]!;
    }
    let stampUs = timeUs;
    for (const { window, channel, disturbance, clockStepUs } of this.happenings) {
      if (disturbance !== null) values[channel] = disturbance.change(timeUs, 0, values[channel]!);
      if (within(window, timeUs)) stampUs += clockStepUs;
    }
    return stampUs;
  }
}

/** Daily season of channel k, in [−1, 1]. Channels lag each other by a fortieth of a day. */
export function season(timeUs: number, k: number): number {
  const turn = (2 * Math.PI * (timeUs % DAY_US)) / DAY_US;
  return 0.8 * sincos(turn + (2 * Math.PI * k) / 40)[0]! + 0.2 * sincos(2 * turn)[0]!;
}

function metricOf(k: number): Metric {
  return METRICS[k % METRICS.length]!;
}
