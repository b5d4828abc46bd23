/** The options that the kinds file and stdin share: what the columns of a table mean and how its rows are timed. */

import { choice, duration, names, type Options, type OptionValues, rateOrMax, text } from "./options.ts";

export const tableOptions = {
  format: choice(
    ["long", "wide"],
    "one sample per row with a symbol, or one column per channel (default: by the header)",
  ),
  time: text("name of the time column (default: recognised by its name)"),
  timeUnit: choice(
    ["s", "ms", "us", "ns", "iso"],
    "unit or form of the times (default: by their size or form)",
  ),
  symbol: text("long: name of the channel column"),
  value: text("long: name of the value column"),
  size: text("long: name of the size column"),
  columns: names("only these channels (wide: columns, long: symbols)"),
  skip: names("all channels except these"),
  innovation: choice(
    ["logReturn", "difference", "ar1"],
    "how a sample becomes an innovation (default: logReturn for positive prices)",
  ),
  sampling: choice(
    ["rows", "ticks"],
    "long: whether the channels are sampled together or each at its own times (default: by the first rows)",
  ),
  every: duration(0, 1, "spacing of the rows, or of the grid of ticks (default: by the first rows)"),
  unit: text("unit of the values, for display"),
  group: text("name of the channel group (default: the file's name)"),
} satisfies Options;

export const tableSpeed = rateOrMax(
  Number.POSITIVE_INFINITY,
  1e9,
  "multiples of recorded time, or max: as fast as possible",
);

export type TableFeedOptions = OptionValues<typeof tableOptions> & { readonly speed: number };
