/**
 * Detects overload from the runtime's measurements of latency, queue and shedding. Each measurement covers the time since the last one.
 *
 * Strained: in STRAINED_AFTER successive measurements the p99 latency is at least `degradedLatencyUs`, or inputs were shed.
 * Relieved: in RELIEVED_AFTER successive measurements it is below half of that, and no inputs were shed.
 */
import type { Input } from "../../../protocol/messages.ts";
import type { Settings } from "../../../protocol/settings.ts";
import type { Detector, DetectorContext, Fields } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { namedNumbers } from "../registered-numbers.ts";
import { monitorMachine } from "./machine.ts";

export const monitor = defineDetector({
  name: "monitor",
  version: 1,
  machine: monitorMachine,
  enabled: (settings) => settings.monitor.enabled,
  createDetector: (settings) => new MonitorDetector(settings),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** One slow second may be a garbage collection; three are overload. */
const STRAINED_AFTER = 3;
const RELIEVED_AFTER = 5;

const Scalars = namedNumbers(
  /** Successive measurements in favour of the other state. */
  "inARow",
  "degradedSinceUs",
);

class MonitorDetector implements Detector<typeof monitorMachine> {
  readonly fields: Fields;
  private readonly limitUs: number;
  private readonly scalars = new Scalars();

  constructor(settings: Settings) {
    this.limitUs = settings.monitor.degradedLatencyUs;
    this.fields = { scalars: this.scalars.array };
  }

  onInput(input: Input, context: DetectorContext<typeof monitorMachine>): void {
    if (input.type !== "measurement") return;
    const { scalars, limitUs } = this;
    const latencyP99Us = gauge(input.gauges, "latencyP99Us");
    const queueDepth = gauge(input.gauges, "queueDepth");
    const shed = gauge(input.gauges, "shed");
    const reason = shed > 0 ? "shedding" : latencyP99Us >= limitUs ? "latency" : "";
    const health = { timeUs: context.now, reason, latencyP99Us, queueDepth, shed };
    if (context.machine.value === "normal") {
      scalars.inARow = reason === "" ? 0 : scalars.inARow + 1;
      if (scalars.inARow < STRAINED_AFTER) return;
      scalars.inARow = 0;
      scalars.degradedSinceUs = context.now;
      context.signal({ type: "strained", ...health });
    } else {
      const calm = reason === "" && latencyP99Us < limitUs / 2;
      scalars.inARow = calm ? scalars.inARow + 1 : 0;
      if (scalars.inARow < RELIEVED_AFTER) return;
      scalars.inARow = 0;
      context.signal({ type: "relieved", ...health, degradedForUs: context.now - scalars.degradedSinceUs });
    }
  }
}

function gauge(gauges: Record<string, number>, name: string): number {
  const value = Object.hasOwn(gauges, name) ? gauges[name]! : 0;
  return Number.isFinite(value) ? value : 0;
}
