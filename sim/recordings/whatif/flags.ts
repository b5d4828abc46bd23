/** The words of `whatif` on a command line as a request. What is wrong with them is said with what would be right. */

import { CommandError } from "../../../actors/mod.ts";
import type { WhatIfRequest } from "../../../protocol/commands.ts";
import { nearestTo } from "../../../protocol/nearest.ts";
import { readDuration } from "../../../protocol/text-values.ts";
import { parsePlace, parseTimeUs } from "../place.ts";

export interface WhatIfFlags {
  at?: string;
  set: string[];
  drop: string[];
  inject: string[];
  seed?: string;
  until?: string;
  tolerance?: string;
  to?: string;
  /** `path=from:to:step`; with any of them nothing is written. */
  sweep: string[];
  truth?: string;
  plot?: string;
  /** `--no-write`. */
  write: boolean;
  json?: true;
}

export function requestOf(flags: WhatIfFlags, at: string): WhatIfRequest {
  parsePlace("--at", at);
  return {
    at,
    ...(flags.set.length > 0 ? { set: Object.fromEntries(flags.set.map(pathAndValue)) } : {}),
    ...(flags.drop.length > 0 ? { drop: flags.drop } : {}),
    ...(flags.inject.length > 0 ? { inject: flags.inject.map(injectionOf) } : {}),
    ...(flags.seed === undefined ? {} : { seed: wholeOf("--seed", flags.seed) }),
    ...(flags.until === undefined ? {} : { untilUs: parseTimeUs("--until", flags.until) }),
    ...(flags.tolerance === undefined ? {} : { toleranceUs: durationOf("--tolerance", flags.tolerance) }),
  };
}

/** "collapse.falseAlarmsPerDay=0.1" */
export function pathAndValue(text: string): [path: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1)
    throw new CommandError(
      `Cannot read --set ${text}: expected path=value, e.g. collapse.falseAlarmsPerDay=0.1`,
    );
  return [text.slice(0, at), text.slice(at + 1)];
}

export function wholeOf(option: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CommandError(`Cannot read ${option} ${text}: expected a whole number ≥ 0`);
}

export function durationOf(option: string, text: string): number {
  const us = readDuration(text);
  if (us !== undefined && us > 0) return us;
  throw new CommandError(`Cannot read ${option} ${text}: expected a duration such as 500ms, 10s or 5m`);
}

type Injection = NonNullable<WhatIfRequest["inject"]>[number];

/** What may stand behind the "?" of an injection. */
const INJECTION: Record<string, (text: string) => Partial<Injection>> = {
  strength: (text) => ({ strength: Number(text) }),
  group: (text) => ({ group: text }),
  channels: (text) => ({ channels: text.split(",") }),
  duration: (text) => ({ durationSeconds: durationOf("--inject duration", text) / 1e6 }),
  seed: (text) => ({ seed: wholeOf("--inject seed", text) }),
  at: (text) => ({ at: text }),
};

/** "flash-crash?strength=2&group=host&channels=cpu,load&duration=30s&at=…" */
function injectionOf(text: string): Injection {
  const [scenario, rest] = split(text, "?");
  const injection: Injection = { scenario };
  for (const pair of rest === "" ? [] : rest.split("&")) {
    const [key, value] = split(pair, "=");
    const read = Object.hasOwn(INJECTION, key) ? INJECTION[key] : undefined;
    if (read === undefined) throw unknownOption(key);
    Object.assign(injection, read(decoded(text, value)));
  }
  return injection;
}

function decoded(text: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new CommandError(
      `Cannot read --inject ${text}: ${value} is no text; expected a "%" written as %25`,
    );
  }
}

function unknownOption(key: string): CommandError {
  const known = Object.keys(INJECTION);
  const near = nearestTo(key, known);
  return new CommandError(
    `Cannot inject with ${key}: there is no such option; expected ${near.length > 0 ? `perhaps ${near.join(" or ")}` : `one of ${known.join(", ")}`}`,
  );
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
