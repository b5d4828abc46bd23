/**
 * Is the system keeping up? From the runtime's measurements, each of the time since the one before: latency, queue, shedding.
 *
 * Strained: the p99 latency is at or above `degradedLatencyUs`, or inputs were shed, in STRAINED_AFTER measurements in a row.
 * Relieved: RELIEVED_AFTER measurements in a row below half of that latency, with nothing shed.
 */
import type { Input } from "../../../protocol/messages.ts";
import type { Settings } from "../../../protocol/settings.ts";
import type { Detector, DetectorContext, Fields } from "../../ports/detector.ts";

/** One slow second is a collection of garbage, three are a state. */
const STRAINED_AFTER = 3;
const RELIEVED_AFTER = 5;

const STRAINED = 0;
const IN_A_ROW = 1;
const SINCE_US = 2;
const SCALARS = 3;

export class MonitorDetector implements Detector {
  readonly fields: Fields;
  private readonly limitUs: number;
  private readonly scalars = new Float64Array(SCALARS);

  constructor(settings: Settings) {
    this.limitUs = settings.monitor.degradedLatencyUs;
    this.fields = { scalars: this.scalars };
  }

  update(): void {}

  onInput(input: Input, context: DetectorContext): void {
    if (input.type !== "measurement") return;
    const { scalars, limitUs } = this;
    const latencyP99Us = gauge(input.gauges, "latencyP99Us");
    const queueDepth = gauge(input.gauges, "queueDepth");
    const shed = gauge(input.gauges, "shed");
    const reason = shed > 0 ? "shedding" : latencyP99Us >= limitUs ? "latency" : "";
    const said = { timeUs: context.now, reason, latencyP99Us, queueDepth, shed };
    if (scalars[STRAINED] === 0) {
      scalars[IN_A_ROW] = reason === "" ? 0 : scalars[IN_A_ROW]! + 1;
      if (scalars[IN_A_ROW]! < STRAINED_AFTER) return;
      this.enter(1, context.now);
      context.signal({ type: "strained", ...said });
      return;
    }
    const calm = reason === "" && latencyP99Us < limitUs / 2;
    scalars[IN_A_ROW] = calm ? scalars[IN_A_ROW]! + 1 : 0;
    if (scalars[IN_A_ROW]! < RELIEVED_AFTER) return;
    const degradedForUs = context.now - scalars[SINCE_US]!;
    this.enter(0, context.now);
    context.signal({ type: "relieved", ...said, degradedForUs });
  }

  private enter(strained: 0 | 1, now: number): void {
    this.scalars[STRAINED] = strained;
    this.scalars[IN_A_ROW] = 0;
    this.scalars[SINCE_US] = now;
  }
}

function gauge(gauges: Record<string, number>, name: string): number {
  const value = Object.hasOwn(gauges, name) ? gauges[name]! : 0;
  return Number.isFinite(value) ? value : 0;
}
