/**
 * Samples in a message whose form nobody declared: what devices and programs send to a broker.
 *
 *     21.5                                                   the channel has the name of the message
 *     {"temperature": 21.5, "pump": {"power": 3}}            NAME.temperature, NAME.pump.power
 *
 * A key that tables take for a time is no channel: a device's clock may be wrong, so only a key that was named gives the time.
 */
import { show } from "../../../protocol/errors.ts";
import { timeColumnIn } from "./columns.ts";
import { readTime, timeFormOf } from "./times.ts";

export interface MessageSamples {
  /** Integer µs; NaN: the message has none. */
  readonly timeUs: number;
  readonly samples: readonly (readonly [channel: string, value: number])[];
  /** What is no number, the first one in words; null when there is nothing of the kind. */
  readonly leftOut: string | null;
  /** How many such. */
  readonly leftOutCount: number;
}

/** Objects within objects. */
const DEPTH_MAX = 4;
/** Numbers of one message. */
const SAMPLES_MAX = 1_024;

/** `timeKey`: the key of an object that has its time; null: none. */
export function samplesOf(name: string, text: string, timeKey: string | null): MessageSamples {
  const found = new Found(timeKey);
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) found.parse(name, trimmed);
  else if (trimmed !== "") found.value(name, numberOf(trimmed) ?? trimmed, 0);
  return found;
}

class Found implements MessageSamples {
  timeUs = Number.NaN;
  readonly samples: [string, number][] = [];
  leftOut: string | null = null;
  leftOutCount = 0;
  private readonly timeKey: string | null;

  constructor(timeKey: string | null) {
    this.timeKey = timeKey;
  }

  parse(name: string, text: string): void {
    let object: unknown;
    try {
      object = JSON.parse(text);
    } catch (error) {
      this.leave(name, (error as Error).message);
      return;
    }
    this.value(name, object, 0);
  }

  value(name: string, value: unknown, depth: number): void {
    if (typeof value === "number" && this.samples.length < SAMPLES_MAX) this.samples.push([name, value]);
    else if (typeof value === "object" && value !== null && !Array.isArray(value) && depth < DEPTH_MAX)
      this.object(name, value, depth + 1);
    else if (value !== null) this.leave(name, typeof value === "string" ? show(value) : kindOf(value));
  }

  private object(name: string, object: object, depth: number): void {
    for (const [key, value] of Object.entries(object)) {
      if (depth === 1 && key === this.timeKey) this.timeUs = timeOf(value);
      else if (timeColumnIn([key]) < 0) this.value(`${name}.${key}`, value, depth);
    }
  }

  private leave(name: string, what: string): void {
    this.leftOut ??= `${name} is ${what}; expected a number, or an object of numbers`;
    this.leftOutCount++;
  }
}

/** It may be nested so deep that it cannot be written out. */
function kindOf(value: unknown): string {
  return Array.isArray(value)
    ? "a list"
    : typeof value === "object"
      ? "an object in an object"
      : String(value);
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Null for other text. */
function numberOf(text: string): number | null {
  return NUMBER.test(text) ? Number(text) : null;
}

/** ISO 8601 or a count since 1970, in µs; NaN for what is no time. */
export function timeOf(value: unknown): number {
  if (typeof value !== "string" && typeof value !== "number") return Number.NaN;
  const text = String(value);
  const form = timeFormOf(text);
  const bytes = new TextEncoder().encode(text);
  return form === null ? Number.NaN : readTime(bytes, 0, bytes.length, form);
}
