/**
 * What parameters of a rule are tried: `rsi.period=7:21` is every whole number from 7 to 21, `rsi.period=7:21:2` every second one.
 *
 * A parameter is named FUNCTION.PARAMETER, as `scan --help` lists them; it holds for every use of the function in the rule.
 */
import { expectedAmong } from "../../../protocol/closest-name.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { countBetween, numbersBetween } from "../../../protocol/text-values.ts";
import { FUNCTIONS } from "../rules/functions.ts";
import { type ParameterValues, parseRule } from "../rules/rule.ts";

/** Combinations that are tried: successive halving needs some doublings more time than all symbols for one. */
export const MAX_COMBINATIONS = 4_096;

export interface ParameterRange {
  /** "rsi.period" */
  readonly path: string;
  readonly values: readonly number[];
}

const RANGE = /^([a-z_]+)\.([a-z_]+)=([^:]+):([^:]+)(?::([^:]+))?$/;
/** A fraction such as the deviations of a band is tried in tenths of its range. */
const STEPS_OF_FRACTION = 10;

export function readRange(text: string): ParameterRange {
  const match = RANGE.exec(text.trim());
  if (match === null) throw unreadable(text, "NAME.PARAMETER=FROM:TO[:STEP], as in rsi.period=7:21");
  const [, name, parameter, from, to, by] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  if (!Object.hasOwn(FUNCTIONS, name)) throw unreadable(text, expectedAmong(name, Object.keys(FUNCTIONS)));
  const { parameters } = FUNCTIONS[name]!;
  const found = parameters.find((each) => each.name === parameter);
  if (found === undefined)
    throw unreadable(
      text,
      parameters.length === 0
        ? `another function: ${name} has no parameters`
        : expectedAmong(
            parameter,
            parameters.map((each) => each.name),
          ),
    );
  const [first, last] = [Number(from), Number(to)];
  const step = by !== undefined ? Number(by) : found.fraction ? (last - first) / STEPS_OF_FRACTION : 1;
  const isWhole = found.fraction || [first, last, step].every(Number.isInteger);
  if (!(first >= found.least && last <= found.most && first < last && step > 0 && isWhole))
    throw unreadable(
      text,
      `${found.fraction ? "numbers" : "whole numbers"} from ${found.least} to ${found.most}, the first below the last`,
    );
  const count = countBetween(first, last, step);
  if (count > MAX_COMBINATIONS) throw tooMany(count);
  return { path: `${name}.${parameter}`, values: numbersBetween(first, last, step) };
}

/** Every combination with which the rule can be read. Throws for a parameter that the rule does not use. */
export function combinationsOf(rule: string, ranges: readonly ParameterRange[]): ParameterValues[] {
  const count = ranges.reduce((product, { values }) => product * values.length, 1);
  if (count > MAX_COMBINATIONS) throw tooMany(count);
  for (const { path, values } of ranges) {
    const texts = new Set(values.slice(0, 2).map((value) => textWith(rule, { [path]: value })));
    if (texts.size < 2)
      throw new EigenwatchError({
        action: `tune ${path}`,
        value: `the rule is ${rule}`,
        expected: `a rule with ${path.split(".")[0]}`,
        kind: "usage",
      });
  }
  let combinations: ParameterValues[] = [{}];
  for (const { path, values } of ranges)
    combinations = combinations.flatMap((each) => values.map((value) => ({ ...each, [path]: value })));
  return combinations;
}

/** The functions of a rule with these parameters: "rsi(9)". */
export function textWith(rule: string, values: ParameterValues): string {
  return parseRule(rule, values)
    .explained.map(({ text }) => text)
    .join(", ");
}

function unreadable(text: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: "read --over", value: text, expected, kind: "usage" });
}

function tooMany(count: number): EigenwatchError {
  return new EigenwatchError({
    action: "tune a rule",
    value: `${count} combinations`,
    expected: `at most ${MAX_COMBINATIONS}: a larger step, or fewer parameters`,
    kind: "limit",
  });
}
