/**
 * `up --marks FILE`: events of a table enter the log as marks, each once.
 *
 *   groups are declared, and data have come ─► what lies before the data, and the next AHEAD events ─► … as the data go on, those after them
 *
 * Actors hear of a mark only if they are there, so none is entered before the first data; and they keep some hundred that are to come, so not all are
 * entered at once. In a recording that goes on, what is marked there already is passed over.
 */
import type { MarkRow } from "../../actors/feeds/mod.ts";
import type { SessionCommands } from "../../actors/ports/commands.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import { errorText } from "../../protocol/errors.ts";
import { MARK_MADE } from "../../protocol/mark-command.ts";
import type { Author } from "../../protocol/principal.ts";

/** Marks that wait for their time in the log. */
const AHEAD = 128;
/** Marks on their way into the log: as many as a block has inputs. */
const TOGETHER = 256;
const PAGE = 1000;

type MarkedSession = Pick<LiveSession, "events" | "describe" | "groups" | "subscribe"> & {
  readonly commands: SessionCommands;
};

export interface EnteringMarks {
  /** Enters what lies before the end of the data, and no more. Resolves with the number of those that were not entered. */
  stop(): Promise<number>;
}

/** `sessions`: of all partitions, the first of which has commands for all of them. `source`: what the log names as their author. */
export async function enterMarks(
  marks: readonly MarkRow[],
  sessions: readonly [MarkedSession, ...MarkedSession[]],
  source: string,
  log: (message: string) => void,
): Promise<EnteringMarks> {
  if (marks.length === 0) return { stop: async () => 0 };
  const known = new Set((await Promise.all(sessions.map(marksIn))).flat());
  const left = marks.filter((mark) => !known.has(keyOf(mark))).sort((a, b) => a.atUs - b.atUs);
  if (left.length < marks.length)
    log(`${marks.length - left.length} of ${marks.length} marks of ${source} are in the recording already`);
  return new Entering(left, sessions, source, log);
}

class Entering implements EnteringMarks {
  private readonly left: MarkRow[];
  private readonly sessions: readonly [MarkedSession, ...MarkedSession[]];
  private readonly log: (message: string) => void;
  private readonly author: Author;
  private readonly unsubscribe: readonly (() => void)[];
  private underWay: Promise<void> | null = null;
  private isStopped = false;
  /** Times of those that were entered, in order. */
  private readonly entered: number[] = [];

  constructor(
    left: MarkRow[],
    sessions: readonly [MarkedSession, ...MarkedSession[]],
    source: string,
    log: (message: string) => void,
  ) {
    this.left = left;
    this.sessions = sessions;
    this.log = log;
    this.author = { author: source, authorId: "marks", authorRole: "editor" };
    this.unsubscribe = sessions.map((session) => session.subscribe({ flush: () => this.look() }));
  }

  async stop(): Promise<number> {
    for (const each of this.unsubscribe) each();
    await this.underWay;
    this.isStopped = true;
    const nowUs = this.dataUs();
    if (nowUs > 0) await this.enter(nowUs);
    return this.left.length;
  }

  private look(): void {
    if (this.underWay !== null || this.left.length === 0) return;
    const nowUs = this.dataUs();
    if (nowUs === 0) return;
    this.underWay = this.enter(nowUs).finally(() => {
      this.underWay = null;
    });
  }

  /** How far the data have come; 0 before the first. */
  private dataUs(): number {
    const hasGroups = this.sessions.some((session) => session.groups().length > 0);
    return hasGroups ? Math.max(...this.sessions.map((session) => session.describe().timeUs)) : 0;
  }

  private async enter(nowUs: number): Promise<void> {
    while (this.entered.length > 0 && this.entered[0]! <= nowUs) this.entered.shift();
    for (let due = this.takeDue(nowUs); due.length > 0; due = this.takeDue(nowUs)) {
      const refused = await Promise.all(due.map((mark) => this.mark(mark)));
      if (!this.isStopped || !refused.includes(true)) continue;
      this.left.unshift(...due.filter((_, k) => refused[k]));
      return;
    }
  }

  /** The next ones that are due, together: one after the other each would wait for a block, and a recorded feed does not wait for them. */
  private takeDue(nowUs: number): MarkRow[] {
    const { left, entered } = this;
    const most = this.isStopped ? 0 : AHEAD;
    const due: MarkRow[] = [];
    while (left.length > 0 && due.length < TOGETHER && (left[0]!.atUs <= nowUs || entered.length < most)) {
      const mark = left.shift()!;
      due.push(mark);
      if (mark.atUs > nowUs) entered.push(mark.atUs);
    }
    return due;
  }

  /** Whether it is refused. */
  private async mark(mark: MarkRow): Promise<boolean> {
    const { commands } = this.sessions[0];
    const body = { channels: [], title: "", ...mark };
    try {
      await commands.carryOut({ name: "mark", body }, this.author, new AbortController().signal);
      return false;
    } catch (error) {
      this.log(`Cannot mark ${mark.type}: ${errorText(error)}`);
      return true;
    }
  }
}

/** What is marked in a log. */
async function marksIn(session: MarkedSession): Promise<string[]> {
  const found: string[] = [];
  const { lastEventSequence } = session.describe();
  for (let after = 0; after < lastEventSequence; ) {
    const events = await session.events(after, PAGE);
    if (events.length === 0) break;
    after = events.at(-1)!.sequence;
    for (const { kind, detail, group } of events)
      if (kind === MARK_MADE)
        found.push(keyOf({ type: String(detail["mark"]), atUs: Number(detail["atUs"]), group }));
  }
  return found;
}

function keyOf({ type, atUs, group = "" }: Pick<MarkRow, "type" | "atUs" | "group">): string {
  return `${type} ${atUs} ${group}`;
}
