/** Where a branch begins: an input of the log, found by time or by sequence. */
import { asked, CommandError } from "../../actors/mod.ts";
import type { BlockPosition, Journal } from "../../actors/ports/journal.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { parseTimeUs } from "../replay/parse-time.ts";

/** Whole numbers below are sequences, others µs since the epoch: 10¹⁴ µs is the year 1973, and no log has so many inputs. */
const FIRST_TIME_US = 1e14;

export interface Place {
  /** The block that holds the input. */
  block: number;
  /** The first input that may be different. */
  sequence: number;
  /** The time from which it may be: the one asked for, or the input's own. */
  atUs: number;
}

export type TimeOrSequence = { timeUs: number } | { sequence: number };

/** `option` names it in errors: "--at". */
export function parsePlace(option: string, at: number | string): TimeOrSequence {
  if (typeof at === "string" && !/^\d{1,14}$/.test(at)) return { timeUs: parseTimeUs(option, at) };
  const number = Number(at);
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new CommandError(
      `Cannot read ${option} ${at}: wanted ISO 8601, µs since the epoch, or an input's sequence`,
    );
  }
  return number < FIRST_TIME_US ? { sequence: number } : { timeUs: number };
}

/** Throws CommandError with the recording's range when the place is outside of it. */
export async function findPlace(journal: Journal, option: string, at: number | string): Promise<Place> {
  const { first, last } = journal;
  if (!first || !last)
    throw new CommandError("Cannot branch: the recording is empty; wanted one with inputs");
  const wanted = asked(() => parsePlace(option, at));
  const number = await journal.locate(wanted);
  const tooEarly =
    "sequence" in wanted
      ? wanted.sequence < first.firstSequence
      : wanted.timeUs < (await firstDataUs(journal, first));
  if (number === null || tooEarly) throw await outside(journal, option, at, first, last);
  for await (const entry of journal.read(number)) {
    if (entry.kind !== "block") continue;
    let found: Place | null = null;
    decodeBlock(entry.block.bytes).forEach((sequence, timeUs) => {
      if (found !== null) return;
      if ("sequence" in wanted ? sequence < wanted.sequence : timeUs < wanted.timeUs) return;
      found = { block: number, sequence, atUs: "timeUs" in wanted ? wanted.timeUs : timeUs };
    });
    if (found !== null) return found;
  }
  throw await outside(journal, option, at, first, last);
}

/** Before the first data of a recorded feed logical time is still 0: that is not where the recording begins. */
async function firstDataUs(journal: Journal, first: BlockPosition): Promise<number> {
  for await (const entry of journal.read()) {
    if (entry.kind !== "block" || entry.block.timeUs === 0) continue;
    let foundUs = 0;
    decodeBlock(entry.block.bytes).forEach((_sequence, timeUs) => {
      if (foundUs === 0) foundUs = timeUs;
    });
    return foundUs;
  }
  return first.timeUs;
}

async function outside(
  journal: Journal,
  option: string,
  at: number | string,
  first: BlockPosition,
  last: BlockPosition,
): Promise<CommandError> {
  const fromUs = await firstDataUs(journal, first);
  return new CommandError(
    `Cannot branch at ${option} ${at}: it is outside the recording; wanted ${iso(fromUs)} to ${iso(last.timeUs)}, ` +
      `or an input from ${first.firstSequence} to ${last.lastSequence}`,
  );
}

export function iso(timeUs: number): string {
  const behind = String(((timeUs % 1000) + 1000) % 1000).padStart(3, "0");
  const text = new Date(Math.floor(timeUs / 1000)).toISOString();
  return behind === "000" ? text : text.replace("Z", `${behind}Z`);
}
