/**
 * Inputs through the shipped core, offline, with default settings and all actors.
 *
 *   declarations, inputs ─► Core.apply ─► events          no sequencer, no journal, no clock
 */
import { systemClock } from "../../../actors/clock.ts";
import { Core } from "../../../actors/core/core.ts";
import { createFeeds } from "../../../actors/feeds/session-feeds.ts";
import type { FeedSink } from "../../../actors/ports/feed.ts";
import { SYSTEM } from "../../../actors/system.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { copyFrame, createFrame } from "../../../protocol/frame.ts";
import type { Channels, EventMessage, Input } from "../../../protocol/messages.ts";
import { parseSettings } from "../../../protocol/settings.ts";
import type { Rows } from "./rows.ts";

export type Declaration = Omit<Channels, "type" | "source">;

export interface TimedInput {
  readonly timeUs: number;
  readonly input: Input;
}

export interface CoreRun {
  readonly seed: number;
  readonly source: string;
  readonly startUs: number;
  /** Of groups whose inputs follow. */
  readonly declarations?: readonly Declaration[];
  /** In order of arrival. Each is applied before the next is asked for. */
  readonly inputs: Iterable<TimedInput>;
  /** Settings other than the defaults, also incomplete ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
  event(event: EventMessage): void;
}

/** Returns the number of samples and states that the core applied. */
export function throughCore(run: CoreRun): number {
  const { seed, source, startUs, declarations = [], inputs, settings = {}, event } = run;
  const core = new Core(SYSTEM, { event, state() {}, unread: true, metrics() {} });
  // Time never goes back, as behind a sequencer; in some worlds clocks do.
  const apply = (timeUs: number, input: Input) =>
    core.apply(core.sequence + 1, Math.max(core.now, timeUs), input);
  apply(startUs, {
    type: "sessionOpened",
    session: "bench",
    partition: "p0",
    seed,
    settings: parseSettings({ ...settings, seed }),
    versions: {},
  });
  for (const declaration of declarations) apply(startUs, { type: "channels", source, ...declaration });
  for (const { timeUs, input } of inputs) apply(timeUs, input);
  return core.samples;
}

/** What feeds bring, merged by time as in a session: declarations and frames. Whole in memory. */
export async function inputsOfFeeds(specs: readonly string[]): Promise<TimedInput[]> {
  const inputs: TimedInput[] = [];
  const put = (timeUs: number | null, input: Input): void => {
    inputs.push({ timeUs: Math.max(timeUs ?? 0, inputs.at(-1)?.timeUs ?? 0), input });
  };
  const sink: FeedSink = {
    channels: (declaration) => put(null, declaration),
    frame(frame) {
      put(
        frame.time.subarray(0, frame.count).reduce((latest, time) => Math.max(latest, time), 0),
        copyFrame(frame),
      );
      return true;
    },
    quantum(input) {
      put(input.timeUs, input);
      return true;
    },
    status({ status, detail, source }) {
      if (status === "failed")
        throw new EigenwatchError({ action: `read ${source}`, value: detail, kind: "input" });
    },
    drained: () => Promise.resolve(),
  };
  for (const feed of createFeeds(specs, { clock: systemClock, seed: 1 })) await feed.run(sink);
  return inputs;
}

/** Each row as one frame of a group whose channels are the columns; missing values are left out. The next row reuses the frame. */
export function* framesOf(rows: Rows, group: string, source: string): Generator<TimedInput> {
  const n = rows.columns.length;
  const frame = createFrame(source, group, n);
  for (let r = 0; r < rows.count; r++) {
    const timeUs = rows.timeUs[r]!;
    frame.count = 0;
    for (let c = 0; c < n; c++) {
      const value = rows.values[r * n + c]!;
      if (Number.isNaN(value)) continue;
      frame.time[frame.count] = timeUs;
      frame.channel[frame.count] = c;
      frame.value[frame.count] = value;
      frame.count++;
    }
    if (frame.count > 0) yield { timeUs, input: frame };
  }
}
