/**
 * What options and arguments of commands read.
 *
 *     .option("--jobs <n>", "processes", read(wholeNumber(1, 256)))     options.jobs is a number
 *
 * Commander shows the error with the name of the option: "option '--jobs <n>' argument 'x' is invalid. Expected a whole number …".
 */
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { pathAndValue, type TextValue } from "../../protocol/text-values.ts";

/** A parser for `.option` and `.argument`. */
export function read<T>(kind: TextValue<T>): (text: string) => T {
  return (text) => {
    const value = kind.read(text);
    if (value === undefined) throw new InvalidArgumentError(`Expected ${kind.expected}.`);
    return value;
  };
}

/** A parser for an option that may be given several times; its default is []. */
export function repeated<T>(parse: (text: string) => T): (text: string, before: readonly T[]) => T[] {
  return (text, before) => [...before, parse(text)];
}

/** `repeated` for plain texts. */
export const texts = repeated((text) => text);

/** `--set path=value`, several times. */
export const settings = repeated(read(pathAndValue("collapse.falseAlarmsPerDay=0.1")));

export const port: TextValue<number> = {
  read: (text) => (/^\d+$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined),
  expected: "a port from 0 to 65535",
};

/** A time in µs: ISO 8601, in UTC where it names no zone, or integer µs since the epoch. */
export const time: TextValue<number> = {
  read(text) {
    if (/^\d{15,17}$/.test(text)) return Number(text);
    // A recording means the same everywhere: a time without a zone is UTC, not local.
    const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
    const ms = /^\d{4}-\d\d/.test(text)
      ? Date.parse(/T|\s/.test(text) ? zoned : `${text}T00:00:00Z`)
      : Number.NaN;
    if (Number.isNaN(ms)) return undefined;
    // Date.parse drops the digits after the milliseconds.
    const micros = /\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? "";
    return ms * 1000 + Number(micros.padEnd(3, "0"));
  },
  expected: "ISO 8601 (2021-05-19T12:43:00Z) or µs since the epoch",
};
