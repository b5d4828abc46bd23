/**
 * Samples that programs push: each push is one frame, and is answered when that is durable.
 *
 *   POST /api/ingest/GROUP ─► rows ─► take ─┬─ a number or key that is known ─► counted once, answered as the first time
 *                                           └─ group (ingest-groups.ts) ─► sink ─► durable ─► answer
 *
 * U1  A push is taken whole or not at all: it is one frame of the log. One that is refused uses no number.
 * U2  A source that numbers its pushes counts 1, 2, 3 … in each partition. A number that the log has is a repeat, also after a restart; one that is ahead is
 *     refused, so that no push is passed over by those behind it and later taken for a repeat.
 * U3  Of pushes with a key the last MAX_INGEST_KEYS are remembered while the program runs.
 * U4  What the sequencer does not take is refused with its reason: nothing is lost unsaid.
 *
 * I2, I3, I5 and I6 of ingest.ts hold here too.
 */
import type { Push } from "../../protocol/commands.ts";
import type { PushedPlace, PushedSamples } from "../../protocol/controls.ts";
import { EigenwatchError, LimitExceeded, MalformedMessage, show } from "../../protocol/errors.ts";
import { isName } from "../../protocol/fields.ts";
import { createFrame } from "../../protocol/frame.ts";
import { MAX_INGEST_KEYS, MAX_NAME_BYTES } from "../../protocol/limits.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { checkVisible, type IngestedLog, IngestGroups } from "./ingest-groups.ts";
import { samplesIn } from "./ingest-samples.ts";
import { INGEST_PREFIX } from "./ingest-source.ts";
import { Stop } from "./stop.ts";

export interface PushedFeedOptions {
  readonly log: IngestedLog;
  /** Resolves when everything that was handed to the sink is durable; rejects when some of it will not be. */
  durable(): Promise<void>;
}

export class PushedFeed implements Feed {
  /** Neither a feed nor a program has this name: the numbers of programs are those of the log. */
  readonly source = INGEST_PREFIX;
  readonly kind = "live";
  readonly relays = true;
  private readonly options: PushedFeedOptions;
  private readonly groups: IngestGroups;
  private sink: FeedSink | null = null;
  /** Those that have pushed: each has a group, of which there are not many. */
  private readonly sources = new Set<string>();
  /** By source and key, oldest first. */
  private readonly answers = new Map<string, Promise<PushedSamples>>();
  private readonly stopping = new Stop();

  constructor(options: PushedFeedOptions) {
    this.options = options;
    this.groups = new IngestGroups(options.log);
  }

  get runs(): boolean {
    return this.sink !== null;
  }

  async run(sink: FeedSink): Promise<void> {
    this.sink = sink;
    await this.stopping.asked;
  }

  async stop(): Promise<void> {
    this.stopping.ask();
  }

  /** Resolves when the samples are durable. Rejects with the reason when none of them was taken. `by`: who pushes, in words. */
  take(push: Push, by: string): Promise<PushedSamples> {
    const { source, key } = push;
    if (key === undefined) return this.takeNew(push, by);
    const id = `${source}\n${key}`;
    const known = this.answers.get(id);
    if (known !== undefined) return known.then((answer) => ({ ...answer, repeated: true }));
    const answer = this.takeNew(push, by);
    this.remember(id, answer);
    return answer;
  }

  /** How far a source has come that numbers its pushes. */
  placeOf(source: string, group: string): PushedPlace {
    checkNames(source, group);
    const { log } = this.options;
    return { source, group, sequence: log.lastSequenceOf(this.groups.sourceOf(source, group)) };
  }

  private remember(id: string, answer: Promise<PushedSamples>): void {
    if (this.answers.size >= MAX_INGEST_KEYS) {
      const [oldest] = this.answers.keys();
      this.answers.delete(oldest!);
    }
    this.answers.set(id, answer);
    // What was refused may come again.
    answer.catch(() => this.answers.delete(id));
  }

  private async takeNew(push: Push, by: string): Promise<PushedSamples> {
    const { source, group, sequence, rows } = push;
    const repeated = this.handOver(push, by);
    await this.options.durable();
    return {
      source,
      group,
      ...(sequence === undefined ? {} : { sequence }),
      rows: rows.length,
      accepted: samplesIn(rows),
      repeated,
    };
  }

  /** True when the log has its number. */
  private handOver(push: Push, by: string): boolean {
    if (this.sink === null) throw new Error("a push to a feed that does not run");
    try {
      return this.offer(push, by, this.sink);
    } catch (error) {
      // Limits of a session, which smaller pushes meet too.
      if (!(error instanceof LimitExceeded)) throw error;
      const { action, value, expected } = error;
      throw new EigenwatchError({ action, value, expected, kind: "limit" });
    }
  }

  private offer({ source: program, group, sequence = 0, rows }: Push, by: string, sink: FeedSink): boolean {
    checkNames(program, group);
    const source = this.groups.sourceOf(program, group);
    const samples = samplesIn(rows);
    if (samples === 0) throw new MalformedMessage("push samples", "none", "a number in at least one row");
    const last = this.options.log.lastSequenceOf(source);
    if (sequence > last + 1) throw outOfOrder(program, sequence, `${last + 1}, for the log has ${last}`);
    const isRepeat = sequence > 0 && sequence <= last;
    if (isRepeat && !this.groups.has(rows, source, group))
      throw outOfOrder(program, sequence, `${last + 1}: with this number came other channels`);
    // Of a repeat the number is enough: the sequencer counts it as a duplicate.
    const frame = isRepeat ? createFrame(source, group, 0) : this.groups.frameOf(rows, source, group, sink)!;
    frame.sequence = sequence;
    this.report(source, by, sink);
    sink.frame(frame);
    const refusal = sink.refused?.() ?? null;
    if (refusal !== null && !isRepeat) throw notTaken(refusal, samples);
    return isRepeat;
  }

  /** With its first push. */
  private report(source: string, by: string, sink: FeedSink): void {
    if (this.sources.has(source)) return;
    this.sources.add(source);
    const detail = `pushed by ${visibleText(by)}`.slice(0, 1_000);
    sink.status({ type: "feedStatus", source, status: "opened", detail, counts: {} });
  }
}

function checkNames(source: string, group: string): void {
  for (const [what, name] of [
    ["source", source],
    ["group", group],
  ] as const) {
    checkVisible(what, name);
    if (!isName(name))
      throw new MalformedMessage("push samples", `${what} ${show(name)}`, `1 to ${MAX_NAME_BYTES} bytes`);
  }
}

function outOfOrder(program: string, sequence: number, expected: string): EigenwatchError {
  const value = `sequence ${sequence} of source ${show(program)}`;
  return new EigenwatchError({ action: "push samples", value, expected, kind: "conflict" });
}

/** What the program must change; all else passes. */
const OF_PROGRAM: Readonly<Record<string, string>> = {
  malformed: "finite numbers, and times in whole µs",
  "of another time": "times within a day of those of the session",
};

function notTaken(refusal: string, samples: number): EigenwatchError {
  const change = OF_PROGRAM[refusal];
  return new EigenwatchError({
    action: "push samples",
    value: `none of ${samples} samples was taken: ${refusal}`,
    expected: change ?? "to push all of them again",
    kind: change === undefined ? "unavailable" : "input",
  });
}
