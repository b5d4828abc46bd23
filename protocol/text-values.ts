/**
 * Values as people write them, in options of commands and of feeds.
 *
 * Each kind reads a text and names what it expects. It returns undefined for any other text: the caller, who knows the name of the option,
 * words the error.
 */

export interface TextValue<T> {
  /** The value, or undefined when `text` is not one. */
  read(text: string): T | undefined;
  /** Completes "expected …" in an error. */
  readonly expected: string;
}

const DECIMAL = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

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

export function wholeNumber(least: number, most: number): TextValue<number> {
  return {
    read(text) {
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
    expected: `a whole number from ${least} to ${most}`,
  };
}

/** How many numbers `numbersBetween` gives. The tolerance forgives the last bit of the division: (0.3 − 0.1)/0.1 is a little below 2. */
export function countBetween(from: number, to: number, step: number): number {
  return Math.floor((to - from) / step + 1e-9) + 1;
}

/** From one number to the other by the step, which leads there; both ends among them. 1.2 in place of 1.2000000000000002. */
export function numbersBetween(from: number, to: number, step: number): number[] {
  return Array.from({ length: countBetween(from, to, step) }, (_, k) =>
    Number((from + k * step).toPrecision(12)),
  );
}

/** A number without sign, from `least` to `most`. */
export function decimal(least: number, most: number): TextValue<number> {
  return {
    read(text) {
      const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
    expected: `a number from ${least} to ${most}`,
  };
}

/** A number above 0, or "max", which is Infinity. */
export function rateOrMax(most = Number.MAX_VALUE): TextValue<number> {
  return {
    read(text) {
      if (text === "max") return Number.POSITIVE_INFINITY;
      const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
      return value > 0 && value <= most ? value : undefined;
    },
    expected: `a number above 0${most === Number.MAX_VALUE ? "" : ` and at most ${most}`}, or max`,
  };
}

/** A duration of at least `leastUs`, in µs. */
export function duration(leastUs = 1): TextValue<number> {
  return {
    read(text) {
      const us = readDuration(text);
      return us !== undefined && us >= leastUs ? us : undefined;
    },
    expected: `a duration${leastUs > 1 ? ` of at least ${durationText(leastUs)},` : ""} such as 100ms, 1s or 5m`,
  };
}

/** "100ms", "1s", "1.5s", "5m", "1h", "1d" → integer µs; undefined for any other text, and for more than a safe integer. */
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

/** ISO 8601 with milliseconds: `2026-01-02T03:04:05.678Z`. */
export function timeText(timeUs: number): string {
  return new Date(Math.floor(timeUs / 1000)).toISOString(); // det-ok: converts a given time, reads no clock
}

/** ISO 8601 with all microseconds: the same time when it is read back. */
export function exactTimeText(timeUs: number): string {
  const text = timeText(timeUs);
  const microseconds = timeUs - 1000 * Math.floor(timeUs / 1000);
  return microseconds === 0 ? text : `${text.slice(0, -1)}${String(microseconds).padStart(3, "0")}Z`;
}

/** "a.b=text" → ["a.b", "text"]; `form` says what both are. */
export function pathAndValue(example: string, form = "path=value"): TextValue<[path: string, value: string]> {
  return {
    read(text) {
      const at = text.indexOf("=");
      return at < 1 ? undefined : [text.slice(0, at), text.slice(at + 1)];
    },
    expected: `${form}, e.g. ${example}`,
  };
}

/** Values separated by commas. */
export function listOf<T>(kind: TextValue<T>): TextValue<T[]> {
  return {
    read(text) {
      const values = text.split(",").map((part) => kind.read(part.trim()));
      return values.includes(undefined) ? undefined : (values as T[]);
    },
    expected: `${kind.expected}; several separated by commas`,
  };
}

/** Any text that is not empty. */
export const words: TextValue<string> = {
  read: (text) => (text === "" ? undefined : text),
  expected: "a text that is not empty",
};
