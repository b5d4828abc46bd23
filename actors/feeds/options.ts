/**
 * The kinds of values a feed option can have. Each knows how to read its text, its default, and what to say when it cannot.
 */

import { readTime, timeFormOf } from "./table/times.ts";

export interface Option<T> {
  /** The value, or undefined when `text` is not one. */
  read(text: string): T | undefined;
  readonly initial: T;
  /** Completes "expected …" in an error. */
  readonly expected: string;
  /** One line for --help. */
  readonly help: string;
  /** The default as written in a spec; "" when there is none to write. */
  readonly shown: string;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type OptionValues<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

const DURATION_UNITS_US: Readonly<Record<string, number>> = {
  us: 1,
  µs: 1,
  ms: 1e3,
  s: 1e6,
  m: 60e6,
  min: 60e6,
  h: 3600e6,
  d: 86_400e6,
};

/** "100ms", "1s", "1.5s", "5m", "1h", "1d" → integer µs; undefined when it is none or does not fit. */
export function readDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([a-zµ]+)$/.exec(text);
  const unit = DURATION_UNITS_US[match?.[2] ?? ""];
  if (match === null || unit === undefined) return undefined;
  const us = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(us) ? us : undefined;
}

/** The shortest text that `readDuration` reads back as `us`. */
export function durationText(us: number): string {
  for (const unit of ["d", "h", "m", "s", "ms"]) {
    const size = DURATION_UNITS_US[unit]!;
    if (us >= size && us % size === 0) return `${us / size}${unit}`;
  }
  return `${us}us`;
}

/** A duration of at least `leastUs`, in µs; `initial` 0 stands for "not given". */
export function duration(initial: number, leastUs: number, help: string): Option<number> {
  return {
    read(text) {
      const us = readDuration(text);
      return us !== undefined && us >= leastUs ? us : undefined;
    },
    initial,
    expected: `a duration of at least ${durationText(leastUs)}, such as 100ms, 1s or 5m`,
    help,
    shown: initial === 0 ? "" : durationText(initial),
  };
}

export function whole(initial: number, least: number, most: number, help: string): Option<number> {
  return {
    read(text) {
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
    initial,
    expected: `a whole number from ${least} to ${most}`,
    help,
    shown: String(initial),
  };
}

/** A positive number, or "max" (read as Infinity). */
export function rateOrMax(initial: number, most: number, help: string): Option<number> {
  return {
    read(text) {
      if (text === "max") return Number.POSITIVE_INFINITY;
      const value = /^\d+(?:\.\d+)?(?:e\d+)?$/.test(text) ? Number(text) : Number.NaN;
      return value > 0 && value <= most ? value : undefined;
    },
    initial,
    expected: `a number above 0 and at most ${most}, or max`,
    help,
    shown: initial === Number.POSITIVE_INFINITY ? "max" : String(initial),
  };
}

/** A number from 0 to `most`. */
export function multiple(initial: number, most: number, help: string): Option<number> {
  return {
    read(text) {
      const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
      return value <= most ? value : undefined;
    },
    initial,
    expected: `a number from 0 to ${most}`,
    help,
    shown: String(initial),
  };
}

/** A time, ISO 8601 or a count since the epoch, as µs. */
export function moment(help: string): Option<number | undefined> {
  return {
    read(text) {
      const form = timeFormOf(text);
      const bytes = new TextEncoder().encode(text.trim());
      const us = form === null ? Number.NaN : readTime(bytes, 0, bytes.length, form);
      return Number.isNaN(us) ? undefined : us;
    },
    initial: undefined,
    expected: "a time such as 2024-01-01T00:00:00Z, or µs since the epoch",
    help,
    shown: "",
  };
}

/** The same option without a default: undefined when it is not given. */
export function optional<T>(option: Option<T>): Option<T | undefined> {
  return { ...option, initial: undefined, shown: "" };
}

/** One of several words; undefined as `initial` lets the feed choose. */
export function choice<const T extends string>(words: readonly T[], help: string): Option<T | undefined> {
  return {
    read: (text) => words.find((word) => word === text),
    initial: undefined,
    expected: `one of ${words.join(", ")}`,
    help,
    shown: "",
  };
}

export function text(help: string): Option<string | undefined> {
  return {
    read: (value) => (value === "" ? undefined : value),
    initial: undefined,
    expected: "a text that is not empty",
    help,
    shown: "",
  };
}

/** Names separated by commas. */
export function names(help: string): Option<readonly string[]> {
  return {
    read(value) {
      const list = value.split(",").map((name) => name.trim());
      return list.includes("") ? undefined : list;
    },
    initial: [],
    expected: "names separated by commas",
    help,
    shown: "",
  };
}

export function flag(help: string): Option<boolean> {
  return {
    read: (value) => ({ "1": true, true: true, "0": false, false: false })[value],
    initial: false,
    expected: "1 or 0",
    help,
    shown: "0",
  };
}
