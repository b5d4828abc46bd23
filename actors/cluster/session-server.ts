/**
 * What the owner of a partition does for the gateways of other nodes (remote-session.ts): carries out commands, and publishes states and
 * metrics. Frames and events need no server: they are in the log.
 *
 *   ew.<session>.<partition>.command ──request──► carry out once ──answer──► the asking node
 *   states, metrics of the partition ──newest, at most every PUBLISH_MS──► ew.<session>.<partition>.state.<group> · .metrics
 *
 * O1  A command of one id is carried out once in an epoch, however often it arrives; each request gets the one answer, or, while there is
 *     none yet, that it is under way.
 * O2  A command for another epoch is not carried out. A node with a lower epoch leaves it to the owner that succeeded it.
 * O3  States are published again every REPEAT_MS, for gateways that came later or missed them.
 */

import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import { COMMANDS, type CommandName, readCommand } from "../../protocol/commands.ts";
import { EigenwatchError, ProtocolError, show } from "../../protocol/errors.ts";
import type { MessageOf, MetricsMessage, StateMessage } from "../../protocol/messages.ts";
import type { Author, Authored } from "../../protocol/principal.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import { CountedLines } from "../ports/counted-lines.ts";
import type { LiveSession, SessionListener } from "../ports/session.ts";

/** Twenty pictures a second, as publishEveryUs has it: in a session that is faster than its clock, the newest are enough. */
const PUBLISH_MS = 50;

/** As long as a page without a picture may take to get one. */
const REPEAT_MS = 2_000;

/** An answer is kept so long: several times as long as a command is tried (COMMAND_MS in remote-commands.ts). */
const KEPT_MS = 60_000;

/** A command that takes longer, such as a what-if, is said to be under way: less than an asking node waits for an answer. */
const UNDER_WAY_MS = 1_000;

export interface SessionServerOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** It runs here. */
  readonly session: LiveSession;
  /** Under which this node owns it. */
  readonly epoch: number;
  log(message: string): void;
}

type Asked = MessageOf<"request">;

export class SessionServer {
  private readonly options: SessionServerOptions;
  private readonly garbage: CountedLines;
  private readonly gone = new AbortController();
  /** By id, oldest first. */
  private readonly answers = new Map<
    string,
    { readonly answer: Promise<Uint8Array>; readonly atMs: number }
  >();
  /** By subject, those that are not published yet. */
  private readonly due = new Map<string, StateMessage | MetricsMessage>();
  private cancelPublish: (() => void) | null = null;
  private cancelRepeat: () => void = () => {};
  private readonly ends: (() => void)[];

  constructor(options: SessionServerOptions) {
    this.options = options;
    const { bus, clock, session } = options;
    this.garbage = new CountedLines(clock, (message) => options.log(message));
    this.ends = [
      bus.answer(this.subject("command"), (_subject, bytes) => this.handle(bytes)),
      session.subscribe(this.listener()),
    ];
    this.repeat();
  }

  /** Takes no more commands, and publishes nothing more. Answers under way are still given. */
  stop(): void {
    for (const end of this.ends) end();
    this.cancelPublish?.();
    this.cancelRepeat();
    this.gone.abort();
  }

  // ---- commands -------------------------------------------------------------------------------------------------

  private async handle(bytes: Uint8Array): Promise<Uint8Array | null> {
    const asked = this.read(bytes);
    const { epoch } = this.options;
    if (asked === null || asked.epoch > epoch) return null;
    if (asked.epoch < epoch) {
      const value = `epoch ${asked.epoch} is over, this is ${epoch}`;
      return refusal(epoch, {
        action: `carry out ${asked.command}`,
        value,
        expected: "",
        kind: "unavailable",
      });
    }
    this.forget();
    const answer = this.answers.get(asked.id)?.answer ?? this.carryOut(asked);
    this.answers.set(asked.id, { answer, atMs: this.options.clock.monotonicMs() });
    return this.inTime(answer);
  }

  /** The answer, or that it is being worked out: whoever asked asks again. */
  private inTime(answer: Promise<Uint8Array>): Promise<Uint8Array> {
    const { clock, epoch } = this.options;
    return new Promise((resolve) => {
      const cancel = clock.after(UNDER_WAY_MS, () => resolve(encodeMessage({ type: "answer", epoch })));
      void answer.then((bytes) => {
        cancel();
        resolve(bytes);
      });
    });
  }

  private read(bytes: Uint8Array): Asked | null {
    try {
      return decodeAs("request", bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.garbage.say("command", `a command is passed over: ${error.message}`);
      return null;
    }
  }

  private async carryOut({ id, command: name, body, ...by }: Asked): Promise<Uint8Array> {
    const { epoch, session } = this.options;
    try {
      if (!Object.hasOwn(COMMANDS, name)) throw unknownCommand(name);
      const command = readCommand(name as CommandName, parsed(name, body));
      const answer = await session.commands.carryOut(command, authorOf(by), this.gone.signal, id);
      return encodeMessage({ type: "answer", epoch, body: JSON.stringify(answer) });
    } catch (error) {
      return refusal(epoch, this.shown(name, error));
    }
  }

  /** The error as the asking node may see it. */
  private shown(name: string, error: unknown): NonNullable<MessageOf<"answer">["error"]> {
    if (error instanceof EigenwatchError) {
      const { action, value, expected, kind } = error;
      return { action, value, expected, kind };
    }
    this.options.log(
      `cannot carry out ${name}: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
    );
    const expected = "no failure of the owner: see its log";
    return { action: `carry out ${name}`, value: "it failed", expected, kind: "failed" };
  }

  private forget(): void {
    const sinceMs = this.options.clock.monotonicMs() - KEPT_MS;
    for (const [id, { atMs }] of this.answers) {
      if (atMs >= sinceMs) return;
      this.answers.delete(id);
    }
  }

  // ---- states and metrics ---------------------------------------------------------------------------------------

  private listener(): SessionListener {
    return {
      state: (state) => this.due.set(this.subject("state", state.group), state),
      metrics: (metrics) => this.due.set(this.subject("metrics"), metrics),
      flush: () => this.publishSoon(),
    };
  }

  /** At once when nothing was published lately, else at the end of the interval. */
  private publishSoon(): void {
    if (this.cancelPublish !== null || this.due.size === 0) return;
    this.publish();
    this.cancelPublish = this.options.clock.after(PUBLISH_MS, () => {
      this.cancelPublish = null;
      this.publishSoon();
    });
  }

  private publish(): void {
    for (const [subject, message] of this.due) this.options.bus.publish(subject, encodeMessage(message));
    this.due.clear();
  }

  private repeat(): void {
    this.cancelRepeat = this.options.clock.after(REPEAT_MS, () => {
      for (const state of this.options.session.lastStates())
        this.due.set(this.subject("state", state.group), state);
      this.publishSoon();
      this.repeat();
    });
  }

  private subject(kind: "command" | "state" | "metrics", ...details: string[]): string {
    const { session, partition } = this.options.session;
    return subjectOf(session, partition, kind, ...details);
  }
}

/** A gateway of an earlier version names no role. */
function authorOf({ author, authorId = author, authorRole = "viewer" }: Authored): Author {
  return { author, authorId, authorRole };
}

function refusal(epoch: number, error: NonNullable<MessageOf<"answer">["error"]>): Uint8Array {
  return encodeMessage({ type: "answer", epoch, error });
}

function parsed(name: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new EigenwatchError(
      {
        action: `carry out ${name}`,
        value: `a body that is no JSON: ${(cause as Error).message}`,
        kind: "input",
      },
      { cause },
    );
  }
}

function unknownCommand(name: string): EigenwatchError {
  const expected = Object.keys(COMMANDS).join(", ");
  return new EigenwatchError({
    action: "carry out a command",
    value: show(name),
    expected,
    kind: "notFound",
  });
}
