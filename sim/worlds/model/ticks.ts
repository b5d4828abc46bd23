/**
 * The run of a world whose channels tick at their own times.
 *
 *   world.next ─► ticks in order of time ─► frames of some hundred samples; a planned event becomes true at its onset (S2)
 */
import { createFrame } from "../../../protocol/frame.ts";
import { MAX_FRAME_SPAN_US } from "../../../protocol/limits.ts";
import type { Channels } from "../../../protocol/messages.ts";
import type { ScenarioOptions, ScenarioRun, Truth } from "./scenario.ts";

export interface Tick {
  timeUs: number;
  channel: number;
  value: number;
  size: number;
}

export interface TickWorld {
  readonly channels: Channels["channels"];
  readonly innovation: Channels["innovation"];
  /** Whether ticks have a size. */
  readonly sized: boolean;
  /** Grid on which a detector may form joint rows, µs. */
  readonly everyUs: number;
  /** Events that will happen, ordered by onset. */
  readonly planned: readonly Truth[];
  /** Writes the next tick. Times are whole µs and never decrease. A world has no end. */
  next(tick: Tick): void;
}

const FRAME_SAMPLES = 256;

export function ticksRun(name: string, options: ScenarioOptions, world: TickWorld): ScenarioRun {
  const frame = createFrame(name, options.group, FRAME_SAMPLES, world.sized);
  const truth: Truth[] = [];
  const tick: Tick = { timeUs: 0, channel: 0, value: 0, size: 0 };
  const endUs = options.startUs + options.durationUs;
  world.next(tick);
  return {
    declarations: [
      {
        group: options.group,
        channels: world.channels,
        sampling: "ticks",
        everyUs: world.everyUs,
        innovation: world.innovation,
      },
    ],
    truth,
    next() {
      frame.count = 0;
      const firstUs = tick.timeUs;
      while (tick.timeUs < endUs && frame.count < FRAME_SAMPLES) {
        if (tick.timeUs - firstUs > MAX_FRAME_SPAN_US) break;
        const k = frame.count++;
        frame.time[k] = tick.timeUs;
        frame.channel[k] = tick.channel;
        frame.value[k] = tick.value;
        if (frame.size !== null) frame.size[k] = tick.size;
        const { planned } = world;
        while (truth.length < planned.length && planned[truth.length]!.onsetUs <= tick.timeUs)
          truth.push(planned[truth.length]!);
        world.next(tick);
      }
      return frame.count === 0 ? null : frame;
    },
  };
}

/** Grid of joint rows: the smallest round spacing in which most channels tick at least once; at least a second, because they are prices. */
export function tickGridUs(rate: number): number {
  const spacingUs = 1e6 / rate;
  for (let decade = 1e6; decade < 1e12; decade *= 10)
    for (const step of [1, 2, 5]) if (step * decade >= spacingUs) return step * decade;
  return Math.ceil(spacingUs);
}
