/** What a branch changes, from the options of `whatif` to a request. */

import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { type MarkRow, marksOf } from "../../../actors/feeds/mod.ts";
import { nearestTo } from "../../../protocol/closest-name.ts";
import type { WhatIfRequest } from "../../../protocol/commands.ts";
import { errorText } from "../../../protocol/errors.ts";
import { duration, exactTimeText, wholeNumber } from "../../../protocol/text-values.ts";
import type { SeekPlace } from "../place.ts";

export interface BranchOptions {
  set: (readonly [path: string, value: string])[];
  drop: string[];
  inject: Injection[];
  command: GivenCommand[];
  marks: MarkRow[];
  dropCommand: string[];
  seed?: number | undefined;
  until?: number | undefined;
  tolerance?: number | undefined;
}

type GivenCommand = NonNullable<WhatIfRequest["commands"]>[number];
type Injection = NonNullable<WhatIfRequest["inject"]>[number];

export function requestOf(options: BranchOptions, at: SeekPlace): WhatIfRequest {
  const { set, drop, inject, command, marks, dropCommand, seed, until, tolerance } = options;
  const given = [...command, ...marks.map((body) => ({ name: "mark", body }))];
  return {
    at: "sequence" in at ? at.sequence : exactTimeText(at.timeUs),
    ...(set.length > 0 ? { set: Object.fromEntries(set) } : {}),
    ...(drop.length > 0 ? { drop } : {}),
    ...(inject.length > 0 ? { inject } : {}),
    ...(given.length > 0 ? { commands: given } : {}),
    ...(dropCommand.length > 0 ? { dropCommands: dropCommand } : {}),
    ...(seed === undefined ? {} : { seed }),
    ...(until === undefined ? {} : { untilUs: until }),
    ...(tolerance === undefined ? {} : { toleranceUs: tolerance }),
  };
}

/** Seeds of at most 15 digits are exact. */
export const seed = wholeNumber(0, 999_999_999_999_999);

/** The options after the "?" of an injection. */
const INJECTION: Record<string, (text: string) => Partial<Injection> | undefined> = {
  strength: (text) => ({ strength: Number(text) }),
  group: (text) => ({ group: text }),
  channels: (text) => ({ channels: text.split(",") }),
  duration(text) {
    const us = duration().read(text);
    return us === undefined ? undefined : { durationSeconds: us / 1e6 };
  },
  seed(text) {
    const value = seed.read(text);
    return value === undefined ? undefined : { seed: value };
  },
  at: (text) => ({ at: text }),
};

/** Parses "flash-crash?strength=2&group=host&channels=cpu,load&duration=30s&at=…". */
export function injection(text: string): Injection {
  const [scenario, rest] = split(text, "?");
  const result: Injection = { scenario };
  for (const pair of rest === "" ? [] : rest.split("&")) {
    const [key, value] = split(pair, "=");
    if (!Object.hasOwn(INJECTION, key)) throw unknownOption(key);
    const option = INJECTION[key]!(decoded(value));
    if (option === undefined) throw new InvalidArgumentError(`${key} is ${value}.`);
    Object.assign(result, option);
  }
  return result;
}

/** Parses "threshold.removed={"id":"hot"}". */
export function givenCommand(text: string): GivenCommand {
  const [name, body] = split(text, "=");
  try {
    return { name, body: JSON.parse(body) as unknown };
  } catch {
    throw new InvalidArgumentError(`The body is ${body || "missing"}; expected NAME={…}, the body as JSON.`);
  }
}

/** `--marks FILE`. */
export function marksIn(path: string): MarkRow[] {
  try {
    return marksOf(readFileSync(path, "utf8"));
  } catch (error) {
    throw new InvalidArgumentError(errorText(error));
  }
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new InvalidArgumentError(`${value} is not percent-encoded text; expected "%" written as %25.`);
  }
}

function unknownOption(key: string): InvalidArgumentError {
  const known = Object.keys(INJECTION);
  const near = nearestTo(key, known);
  const expected = near.length > 0 ? `perhaps ${near.join(" or ")}` : `one of ${known.join(", ")}`;
  return new InvalidArgumentError(`There is no option ${key}; expected ${expected}.`);
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
