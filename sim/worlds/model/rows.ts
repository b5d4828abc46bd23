/**
 * The run of a world whose channels are sampled together.
 *
 *   world.row ─► values of one time ─► frames of some hundred samples; a planned event becomes true at its onset (S2)
 */
import { createFrame } from "../../../protocol/frame.ts";
import { MAX_FRAME_SPAN_US } from "../../../protocol/limits.ts";
import type { Channels } from "../../../protocol/messages.ts";
import type { ScenarioOptions, ScenarioRun, Truth } from "./scenario.ts";

export interface RowWorld {
  readonly channels: Channels["channels"];
  readonly innovation: Channels["innovation"];
  /** Events that will happen, ordered by onset. */
  readonly planned: readonly Truth[];
  /** Fills `values` with the row at `timeUs`, NaN for a channel that sends nothing, and returns the time stamp of the row. */
  row(timeUs: number, values: Float64Array): number;
}

/** As in the frames of feeds: enough to make the cost per sample small. */
const FRAME_SAMPLES = 256;

export function rowsRun(name: string, options: ScenarioOptions, world: RowWorld): ScenarioRun {
  const n = world.channels.length;
  const spacingUs = 1e6 / options.rate;
  const rows = rowCount(options);
  // Half of the span of a frame is reserved for clocks that are wrong.
  const rowsPerFrame = Math.min(Math.floor(FRAME_SAMPLES / n), Math.floor(MAX_FRAME_SPAN_US / 2 / spacingUs));
  const frame = createFrame(name, options.group, Math.max(1, rowsPerFrame) * n);
  const values = new Float64Array(n);
  const truth: Truth[] = [];
  let row = 0;
  return {
    declarations: [
      {
        group: options.group,
        channels: world.channels,
        sampling: "rows",
        everyUs: Math.max(1, Math.round(spacingUs)),
        innovation: world.innovation,
      },
    ],
    truth,
    next() {
      frame.count = 0;
      let firstUs = 0;
      while (row < rows && frame.count + n <= frame.value.length) {
        const timeUs = rowTimeUs(options, row);
        // Rows without samples add no samples to a frame, but extend its span.
        if (frame.count > 0 && timeUs - firstUs > MAX_FRAME_SPAN_US / 2) break;
        row++;
        if (frame.count === 0) firstUs = timeUs;
        while (truth.length < world.planned.length && world.planned[truth.length]!.onsetUs <= timeUs)
          truth.push(world.planned[truth.length]!);
        const stampUs = world.row(timeUs, values);
        for (let k = 0; k < n; k++) {
          if (Number.isNaN(values[k])) continue;
          frame.time[frame.count] = stampUs;
          frame.channel[frame.count] = k;
          frame.value[frame.count++] = values[k]!;
        }
      }
      return frame.count === 0 ? null : frame;
    },
  };
}

export function rowCount({ durationUs, rate }: ScenarioOptions): number {
  return Math.floor((durationUs * rate) / 1e6);
}

export function rowTimeUs({ startUs, rate }: ScenarioOptions, row: number): number {
  return startUs + Math.floor((row * 1e6) / rate);
}
