/**
 * The types of feed options: a value as text (protocol/text-values.ts), with a default and a line of help.
 */

import * as values from "../../protocol/text-values.ts";
import { readTime, timeFormOf } from "./table/times.ts";

export interface Option<T> extends values.TextValue<T> {
  readonly initial: T;
  /** One line for --help. */
  readonly help: string;
  /** The default as written in a spec; "" when there is none to write. */
  readonly shown: string;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type OptionValues<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

/** A duration of at least `leastUs`, in µs; `initial` 0 means "not given". */
export function duration(initial: number, leastUs: number, help: string): Option<number> {
  return {
    ...values.duration(leastUs),
    initial,
    help,
    shown: initial === 0 ? "" : values.durationText(initial),
  };
}

export function whole(initial: number, least: number, most: number, help: string): Option<number> {
  return { ...values.wholeNumber(least, most), initial, help, shown: String(initial) };
}

/** A positive number, or "max" (read as Infinity). */
export function rateOrMax(initial: number, most: number, help: string): Option<number> {
  const shown = initial === Number.POSITIVE_INFINITY ? "max" : String(initial);
  return { ...values.rateOrMax(most), initial, help, shown };
}

/** A number from 0 to `most`. */
export function multiple(initial: number, most: number, help: string): Option<number> {
  return { ...values.decimal(0, most), initial, help, shown: String(initial) };
}

/** A time in ISO 8601 or as a count since the epoch, in µs. */
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

/** The same option without a default: undefined if it is not given. */
export function optional<T>(option: Option<T>): Option<T | undefined> {
  return { ...option, initial: undefined, shown: "" };
}

/** One of several words. The feed chooses if it is not given. */
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
  return { ...values.words, initial: undefined, help, shown: "" };
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
