/** Every kind of feed, one row: what stands behind the colon, its options, and a line of help. Specs and --help derive from here. */

import { MAX_FRAME_SAMPLES, MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";
import {
  choice,
  duration,
  flag,
  moment,
  multiple,
  names,
  type Option,
  type Options,
  type OptionValues,
  optional,
  rateOrMax,
  text,
  whole,
} from "./options.ts";

const tableOptions = {
  format: choice(
    ["long", "wide"],
    "one sample a row with a symbol, or one column a channel (default: by the header)",
  ),
  time: text("name of the time column (default: recognised by name)"),
  timeUnit: choice(["s", "ms", "us", "ns", "iso"], "unit or form of the times (default: by size or form)"),
  symbol: text("long: name of the channel column"),
  value: text("long: name of the value column"),
  size: text("long: name of the size column"),
  columns: names("only these channels (wide: columns, long: symbols)"),
  skip: names("not these channels"),
  innovation: choice(
    ["logReturn", "difference", "ar1"],
    "how a sample becomes an innovation (default: logReturn for positive prices)",
  ),
  sampling: choice(
    ["rows", "ticks"],
    "long: channels share their times, or not (default: by the first rows)",
  ),
  every: duration(0, 1, "spacing of rows or of the grid of ticks (default: by the first rows)"),
  unit: text("unit of the values, for display"),
  group: text("name of the channel group (default: the file's name)"),
} satisfies Options;

export const FEED_KINDS = {
  host: {
    target: null,
    help: "this machine: processors, memory, disks, network, own process",
    options: {
      every: duration(100_000, 10_000, "time between samples"),
      group: text("name of the channel group (default: host)"),
    },
  },
  file: {
    target: "PATH",
    help: "a recorded table: CSV (also .gz, tab or semicolon separated) or one JSON object a line",
    options: {
      speed: rateOrMax(
        Number.POSITIVE_INFINITY,
        1e9,
        "multiples of recorded time, or as fast as it is taken",
      ),
      ...tableOptions,
    },
  },
  stdin: {
    target: null,
    help: "the same table from standard input",
    options: {
      speed: rateOrMax(
        Number.POSITIVE_INFINITY,
        1e9,
        "multiples of recorded time, or as fast as it is taken",
      ),
      live: flag("rows happen as they arrive; without a time column they are stamped on arrival"),
      ...tableOptions,
    },
  },
  synth: {
    target: "SCENARIO",
    help: "a synthetic world of known truth; `eigenwatch feed list` shows them",
    options: {
      seed: seed("seed of the world (default: the session's)"),
      channels: optional(whole(1, 1, MAX_GROUP_CHANNELS, "number of channels (default: the scenario's)")),
      rate: optional(rateOrMax(1, 1e6, "samples a second of one channel (default: the scenario's)")),
      duration: duration(0, 1000, "ends after this much of its own time (default: the scenario's)"),
      strength: multiple(1, 100, "size of what happens, in multiples of the usual; 0: nothing happens"),
      speed: optional(
        rateOrMax(
          1,
          1e9,
          "makes it a recording: multiples of its time, or max (default: live, times from now)",
        ),
      ),
      start: moment("time of a recording's first sample (default: 2024-01-01T00:00:00Z)"),
      form: choice(["record", "vector", "density"], "quantum worlds: what is streamed"),
      truth: flag("what truly happens stands in the session as events of kind synth.truth"),
      group: text("name of the channel group (default: the scenario's name)"),
    },
  },
  walk: {
    target: null,
    help: "seeded random walks, for benchmarks",
    options: {
      channels: whole(16, 1, MAX_GROUP_CHANNELS, "number of channels"),
      rate: rateOrMax(10_000, 1e8, "samples a second over all channels, or as fast as they are taken"),
      frame: whole(256, 1, MAX_FRAME_SAMPLES, "samples in a frame, a second of them at most"),
      seed: seed("seed of the walk (default: the session's)"),
      duration: duration(0, 1000, "ends after this much of its own time (default: never)"),
      group: text("name of the channel group (default: walk)"),
    },
  },
} as const;

export type FeedKind = keyof typeof FEED_KINDS;
export type HostOptions = OptionValues<typeof FEED_KINDS.host.options>;
export type FileOptions = OptionValues<typeof FEED_KINDS.file.options>;
export type StdinOptions = OptionValues<typeof FEED_KINDS.stdin.options>;
export type SynthOptions = OptionValues<typeof FEED_KINDS.synth.options>;
export type WalkOptions = OptionValues<typeof FEED_KINDS.walk.options>;
export type TableFeedOptions = OptionValues<typeof tableOptions> & { readonly speed: number };

/** A seed that may be left out: then the session's is used. */
function seed(help: string): Option<number | undefined> {
  return optional(whole(1, 0, 0xffffffff, help));
}
