/** Builders of inputs: what matters in a test stands in it, the rest here. */
import type { Frame } from "../../protocol/frame.ts";
import type { Channels, SessionOpened } from "../../protocol/messages.ts";
import { defaultSettings, type Settings } from "../../protocol/settings.ts";

export function opened(settings: Partial<Settings> = {}): SessionOpened {
  return {
    type: "sessionOpened",
    session: "test",
    partition: "p0",
    seed: 1,
    settings: { ...defaultSettings(), ...settings } as Record<string, unknown>,
    versions: {},
  };
}

export function channels(n: number, overrides: Partial<Channels> = {}): Channels {
  return {
    type: "channels",
    group: "g",
    source: "feed",
    channels: Array.from({ length: n }, (_, i) => ({ name: `c${i}`, title: `Channel ${i}`, unit: "" })),
    sampling: "rows",
    everyUs: 1_000,
    innovation: "difference",
    ...overrides,
  };
}

/** One row: a sample of each channel at `timeUs`. */
export function row(timeUs: number, values: number[], sequence = 0): Frame {
  return {
    type: "frame",
    group: "g",
    source: "feed",
    sequence,
    count: values.length,
    time: new Float64Array(values.length).fill(timeUs),
    channel: Uint16Array.from(values, (_, i) => i),
    value: Float64Array.from(values),
    size: null,
  };
}
