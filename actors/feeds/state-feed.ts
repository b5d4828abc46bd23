/**
 * Lines of states and records as a feed: what the kinds file and stdin do with them.
 *
 *   line ─► state or record, checked ─► waits until it is due ─► sink (waits while the sink is full)
 *
 * S1  A line that is no state and no record ends the feed: the error names source, line, what it has and what was expected. What came before
 *     has been sent.
 * S2  What comes first has the group of the feed. States, and each other operator, have groups of their own: GROUP-states, GROUP-sz.
 * S3  Without a time a line happens on arrival (live), or `every` after the one before.
 */
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import type { Channels } from "../../protocol/messages.ts";
import type { Clock } from "../ports/clock.ts";
import { clipName, type FeedWriter } from "./feed-writer.ts";
import { Pace } from "./pace.ts";
import type { Pause } from "./pause.ts";
import { readStateLine, type StateLine } from "./state-lines.ts";
import { shortList, timeColumnIn, timeFormFor } from "./table/columns.ts";
import { JsonRows } from "./table/ndjson.ts";
import type { OpenedSource } from "./table/table.ts";
import type { TimeForm } from "./table/times.ts";
import type { TableFeedOptions } from "./table-options.ts";

export interface StatesFeed {
  readonly group: string;
  readonly live: boolean;
  readonly options: TableFeedOptions;
  readonly clock: Clock;
}

/** Lines between two turns of the event loop while the sink is not full. */
const LINES_PER_TURN = 16;

/** Options of tables that say nothing of states. */
const OF_TABLES = ["format", "symbol", "value", "size", "innovation", "sampling"] as const;

export async function runStates(
  feed: StatesFeed,
  source: OpenedSource,
  pause: Pause,
  writer: FeedWriter,
): Promise<void> {
  const lines = new StateLines(feed, source, writer);
  const { speed } = feed.options;
  const pace = !feed.live && speed < Number.POSITIVE_INFINITY ? new Pace(feed.clock, speed) : null;
  let failure: unknown = null;
  try {
    for (let untilTurn = LINES_PER_TURN; !pause.stopped; untilTurn--) {
      if ((await pause.unlessStopped(lines.next())) !== true) break;
      pace?.begins(lines.timeUs);
      for (
        let us = pace?.waitUs(lines.timeUs) ?? 0;
        us > 0 && !pause.stopped;
        us = pace!.waitUs(lines.timeUs)
      )
        await pause.wait(us / 1000);
      if (pause.stopped) break;
      if (!lines.send() && !feed.live) await pause.until(writer.drained());
      else if (untilTurn > 0) continue;
      else await new Promise<void>((resolve) => feed.clock.soon(resolve));
      untilTurn = LINES_PER_TURN;
    }
  } catch (error) {
    failure = error;
  }
  // Not awaited: a stream that waits for its next bytes does not return.
  void source.chunks.return(undefined).catch(() => {});
  if (failure === null) writer.status("ended", lines.summary());
  else writer.status("failed", errorText(failure));
}

class StateLines {
  /** Of the line that was read. */
  timeUs = 0;
  readonly #feed: StatesFeed;
  readonly #source: OpenedSource;
  readonly #rows: JsonRows;
  readonly #writer: FeedWriter;
  readonly #timeKey: string | null;
  /** The declared groups: "" of states, else by operator. */
  readonly #groups = new Map<string, string>();
  #timeForm: TimeForm | null;
  #levels = 0;
  #holdsRow: boolean;
  #line: StateLine | null = null;
  #count = 0;

  constructor(feed: StatesFeed, source: OpenedSource, writer: FeedWriter) {
    const { rows, header, holdsRow } = source.opened;
    if (!(rows instanceof JsonRows)) throw new Error(`states in ${source.name} are no lines of JSON`);
    const { options, live } = feed;
    this.#feed = feed;
    this.#source = source;
    this.#rows = rows;
    this.#writer = writer;
    this.#holdsRow = holdsRow;
    this.#timeKey = options.time ?? header[timeColumnIn(header)] ?? null;
    this.#timeForm = options.timeUnit ?? null;
    const of = OF_TABLES.find((name) => options[name] !== undefined);
    if (of !== undefined) throw this.#unreadable(`it holds states`, `no option ${of}, which is for tables`);
    if (this.#timeKey === null && !live && options.every === 0)
      throw this.#unreadable(
        `its first line has no time among ${shortList(header)}`,
        "time=KEY, or every=1s where states are evenly spaced",
      );
  }

  /** Reads the next line. False: there is none. */
  async next(): Promise<boolean> {
    if (!(await this.#advance())) return false;
    try {
      this.#line = readStateLine(this.#rows.object);
    } catch (error) {
      throw this.#unreadable(`line ${this.#rows.line}: ${(error as Error).message}`, "", error);
    }
    this.timeUs = this.#timeOf(this.#rows.object!);
    return true;
  }

  /** False: the sink is full. */
  send(): boolean {
    const line = this.#line!;
    const group = this.#groupOf(line);
    this.#count++;
    const of = { group, source: this.#writer.source, sequence: 0, timeUs: this.timeUs };
    if (line.kind === "record") {
      const { kind: _, ...record } = line;
      return this.#writer.quantum({ type: "measurementRecord", ...of, ...record });
    }
    const { type, n, re, im } = line;
    return this.#writer.quantum({ type, ...of, n, re, im });
  }

  summary(): string {
    return `${this.#count} ${this.#levels === 0 ? "records" : this.#groups.size === 1 ? "states" : "states and records"}`;
  }

  async #advance(): Promise<boolean> {
    if (this.#holdsRow) {
      this.#holdsRow = false;
      return true;
    }
    while (!this.#rows.next()) {
      const { value, done } = await this.#source.chunks.next();
      if (done !== true) {
        this.#rows.push(value);
        continue;
      }
      this.#rows.end();
      return this.#rows.next();
    }
    return true;
  }

  #timeOf(line: Readonly<Record<string, unknown>>): number {
    const { live, options, clock } = this.#feed;
    if (this.#timeKey === null) return live ? clock.nowUs() : this.#count * options.every;
    const at = this.#rows.columns.indexOf(this.#timeKey);
    this.#timeForm ??= timeFormFor(this.#timeKey, String(line[this.#timeKey]));
    const us = this.#timeForm === null || at < 0 ? Number.NaN : this.#rows.time(at, this.#timeForm);
    if (!Number.isNaN(us)) return us;
    const found = JSON.stringify(line[this.#timeKey]) ?? "absent";
    throw this.#unreadable(
      `line ${this.#rows.line}: ${this.#timeKey} is ${found.slice(0, 60)}`,
      "seconds, ms, µs or ns since the epoch, or ISO 8601 such as 2024-05-01T12:30:00Z",
    );
  }

  /** Declares it with the first line that is its. */
  #groupOf(line: StateLine): string {
    const key = line.kind === "state" ? "" : line.operator;
    if (line.kind === "state" && this.#levels > 0 && line.n !== this.#levels)
      throw this.#unreadable(
        `line ${this.#rows.line}: the state has ${line.n} levels`,
        `${this.#levels}, as before`,
      );
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const { group: own, options } = this.#feed;
    const group = this.#groups.size === 0 ? own : clipName(`${own}-${key === "" ? "states" : key}`);
    this.#groups.set(key, group);
    if (line.kind === "state") this.#levels = line.n;
    const everyUs = line.kind === "record" && line.everyUs > 0 ? line.everyUs : options.every;
    this.#writer.channels({ group, sampling: "rows", everyUs, ...declarationOf(line, options.unit ?? "") });
    if (this.#groups.size === 1) this.#writer.status("opened", `${this.#source.name}: ${wordsOf(line)}`);
    return group;
  }

  #unreadable(value: string, expected: string, cause?: unknown): EigenwatchError {
    const action = `read ${this.#source.name}`;
    return new EigenwatchError({ action, value, expected, kind: "failed" }, { cause });
  }
}

function declarationOf(line: StateLine, unit: string): Pick<Channels, "channels" | "innovation"> {
  if (line.kind === "record") {
    const channel = { name: clipName(line.operator), title: line.operator.slice(0, 200), unit };
    // A record is white noise around a changing mean, not a random walk.
    return { channels: [channel], innovation: "ar1" };
  }
  const names = line.levels ?? Array.from({ length: line.n }, (_, k) => `|${k}⟩`);
  return {
    channels: names.map((name) => ({ name: clipName(name), title: name.slice(0, 200), unit: "" })),
    innovation: "difference",
  };
}

function wordsOf(line: StateLine): string {
  if (line.kind === "record") return `a record of ${line.operator}`;
  return line.type === "densityMatrix"
    ? `density matrices of ${line.n} levels`
    : `state vectors of ${line.n} levels`;
}
