/**
 * `eigenwatch replay PATH --step`: the recording input by input, as somebody asks for it line by line; of several partitions in the order of time, each
 * line with its partition.
 *
 *   Enter   the next input or, where it made some, its events
 *   N       that many inputs
 *   e       on to the next event
 *   q       the end
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { print, printJson, report } from "../../../actors/command-line/terminal.ts";
import { SYSTEM } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import { exactTimeText } from "../../../protocol/text-values.ts";
import type { SeekPlace } from "../place.ts";
import { MergedReplayer } from "./merged-replayer.ts";
import { Replayer, type ReplayListener } from "./replayer.ts";

const HELP = "Enter: next input · N: that many · e: to the next event · q: end";

export interface SteppedPart {
  readonly journal: Journal;
  readonly partition: string;
  /** Where to begin. */
  readonly place: SeekPlace;
}

export interface StepOptions {
  /** The end: later inputs are not stepped through, µs. */
  toUs: number;
  json: boolean;
}

/** Returns the exit code. */
export async function stepThrough(parts: readonly SteppedPart[], options: StepOptions): Promise<number> {
  const events: EventMessage[] = [];
  const replayers: Replayer[] = [];
  for (const { journal, place } of parts)
    replayers.push(await Replayer.open(journal, SYSTEM, place, listener(events)));
  const replayer = new MergedReplayer(replayers);
  const lines = createInterface({ input: process.stdin, terminal: false });
  const say = options.json ? sayJson : sayText;
  if (!options.json) print(HELP);
  prompt();
  try {
    for await (const line of lines) {
      const word = line.trim();
      if (word === "q") break;
      const steps = word === "" || word === "e" ? 1 : Number(word);
      if (!Number.isSafeInteger(steps) || steps < 1) {
        report(`Cannot step ${word}; expected ${HELP}`);
      } else if (!(await advance(word === "e" ? "event" : steps))) break;
      prompt();
    }
  } finally {
    lines.close();
    await replayer.close();
  }
  return 0;

  /** False at the end of the recording. */
  async function advance(until: number | "event"): Promise<boolean> {
    for (let done = 0; until === "event" || done < until; done++) {
      const next = replayer.next ?? (await replayer.fill());
      if (next === null || next.timeUs > options.toUs) {
        for (const [k, { core }] of replayers.entries())
          say({ what: "end", ...of(k), sequence: core.sequence, timeUs: core.now });
        return false;
      }
      const { sequence, timeUs } = next;
      const partition = of(replayer.nextPart!);
      events.length = 0;
      const type = replayer.step();
      if (until !== "event" || events.length > 0)
        say({ what: "input", ...partition, sequence, timeUs, type });
      for (const event of events) say({ what: "event", ...event });
      if (until === "event" && events.length > 0) return true;
    }
    return true;
  }

  /** Said where there are several. */
  function of(part: number): { partition?: string } {
    return parts.length > 1 ? { partition: parts[part]!.partition } : {};
  }

  function prompt(): void {
    if (process.stdin.isTTY && !options.json) process.stdout.write("> ");
  }
}

type Said =
  | { what: "input"; partition?: string; sequence: number; timeUs: number; type: string }
  | { what: "end"; partition?: string; sequence: number; timeUs: number }
  | ({ what: "event" } & EventMessage);

function sayJson(said: Said): void {
  printJson(said);
}

function sayText(said: Said): void {
  const time = said.timeUs === 0 ? "(before data)" : exactTimeText(said.timeUs);
  if (said.what === "event") {
    print(`    ${time}  ${said.severity}  ${said.kind}  ${said.title}`);
    return;
  }
  const { partition, sequence } = said;
  const name = partition === undefined ? "" : `${partition}  `;
  if (said.what === "input") print(`${name}${sequence}  ${time}  ${said.type}`);
  else print(`${name}end of the recording behind input ${sequence}`);
}

function listener(events: EventMessage[]): ReplayListener {
  return {
    block() {},
    event: (event) => void events.push(event),
  };
}
