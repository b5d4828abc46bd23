/**
 * The commands of a session that another node owns: each is passed to the owner, again and again under one id, until it is answered.
 *
 *   command ─► request to the owner of the log's epoch ─┬─ answer, refusal ─► who sent it
 *        ▲                                              └─ no answer, not ready ─► wait ─┐
 *        └──────────────────────── in time, and not carried out by an earlier owner ─────┘
 *
 * Q1  A command changes the log at most once: an owner carries out an id once, only the owner of the named epoch does, and a command of
 *     an epoch that is over is sent again only when the log of that epoch does not hold its id. The frame of a push holds none: a push is sent again only
 *     with a number of its own, by which the next owner knows a repeat.
 * Q2  A command without an answer is reported with what the log says of it (CommandUnanswered).
 */
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import {
  COMMANDS,
  type Command,
  type CommandAnswer,
  type CommandName,
  type Push,
  type SessionKind,
} from "../../protocol/commands.ts";
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import type { Author } from "../../protocol/principal.ts";
import { type Bus, NobodyAsked } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import { type CommandHandlers, CommandUnanswered, SessionCommands } from "../ports/commands.ts";

/** How long a command is tried: longer than a take-over after the owner's death takes (5.5 s). */
const COMMAND_MS = 8_000;

/** For one answer. A command that waits for its input to be durable takes some ms; a what-if takes longer, and its answer is kept for the next try. */
const ANSWER_MS = 2_000;

/** Before a command is sent again: a new owner is there within a hand-over (200 ms) or a take-over. */
const AGAIN_MS = 50;

const NO_OWNER = "no node owns the session at the moment";

export interface RemoteCommandsOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly session: string;
  /** Where the owner takes commands. */
  readonly subject: string;
  /** Unlike any other process: ids begin with it. */
  readonly gateway: string;
  /** How long a command is tried; default COMMAND_MS. */
  readonly commandMs?: number;
  /** Of the log as far as it is read. */
  epoch(): number;
}

/** A command under way. */
interface Pending {
  /** Its input in the log, or null while none was read. */
  input: number | null;
  /** The last epoch whose owner may have received it without answering, or null. */
  sentIn: number | null;
  /** Why there is no answer yet. */
  reason: string;
  /** It is tried until then, monotonic ms. */
  untilMs: number;
  /** Whether the next owner may get it too, though an earlier one may have carried it out unseen. */
  readonly isRepeatable: boolean;
}

export class RemoteCommands {
  readonly commands: SessionCommands;
  private readonly options: RemoteCommandsOptions;
  private readonly pending = new Map<string, Pending>();
  private count = 0;

  constructor(options: RemoteCommandsOptions) {
    this.options = options;
    this.commands = new SessionCommands(options.session);
    this.commands.handle(this.handlers());
  }

  /** An input that names a command is in the log. */
  entered(id: string, input: number): void {
    const pending = this.pending.get(id);
    if (pending !== undefined) pending.input = input;
  }

  /** The owner's session is live and keeps its log, so it may have all commands of both; one that it lacks is refused by it. */
  private handlers(): CommandHandlers {
    const names = (Object.keys(COMMANDS) as CommandName[]).filter((name) =>
      COMMANDS[name].where.some((kind: SessionKind) => kind === "live" || kind === "logged"),
    );
    return Object.fromEntries(
      names.map((name) => [
        name,
        (body: unknown, author: Author, signal: AbortSignal) =>
          this.send({ name, body } as Command, author, signal),
      ]),
    );
  }

  private async send<Name extends CommandName>(
    command: Command<Name>,
    author: Author,
    signal: AbortSignal,
  ): Promise<CommandAnswer<Name>> {
    const { clock, gateway } = this.options;
    const id = `${gateway}/${++this.count}`;
    const untilMs = this.untilMs();
    const isRepeatable = hasInput(command.name) || numberOf(command) !== undefined;
    const pending: Pending = { input: null, sentIn: null, reason: NO_OWNER, untilMs, isRepeatable };
    this.pending.set(id, pending);
    try {
      while (!signal.aborted && !this.isOver(pending)) {
        const answer = await this.ask(id, command, author, pending);
        if (answer !== null) return answer as CommandAnswer<Name>;
        if (clock.monotonicMs() >= pending.untilMs) break;
        await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
      }
      const { action } = COMMANDS[command.name];
      throw new CommandUnanswered(action, this.happened(command.name, pending), pending.reason);
    } finally {
      this.pending.delete(id);
    }
  }

  /** One try; null when there was no answer. Rejects with what the owner refused it for. */
  private async ask(id: string, { name, body }: Command, author: Author, pending: Pending): Promise<unknown> {
    const { bus, subject, epoch: epochOf } = this.options;
    const epoch = epochOf();
    const json = JSON.stringify(body);
    const request = encodeMessage({ type: "request", id, epoch, command: name, ...author, body: json });
    const { sentIn } = pending;
    pending.sentIn = epoch;
    const answer = await bus.request(subject, request, ANSWER_MS).then(
      (bytes) => decodeAs("answer", bytes),
      (error: unknown) => {
        const reached = !(error instanceof NobodyAsked);
        if (!reached) pending.sentIn = sentIn;
        pending.reason = reached || !bus.connected ? errorText(error) : NO_OWNER;
        return null;
      },
    );
    if (answer === null) return null;
    const { body: answered, error } = answer;
    if (answered !== undefined) return JSON.parse(answered);
    if (error !== undefined && error.kind !== "unavailable") throw new EigenwatchError(error);
    pending.reason = error?.value ?? "it is under way";
    if (error === undefined) pending.untilMs = this.untilMs();
    return null;
  }

  private untilMs(): number {
    const { clock, commandMs = COMMAND_MS } = this.options;
    return clock.monotonicMs() + commandMs;
  }

  /** An owner that was succeeded since has carried it out: there will be no answer. */
  private isOver({ input, sentIn, isRepeatable }: Pending): boolean {
    return (input !== null || !isRepeatable) && sentIn !== null && this.options.epoch() > sentIn;
  }

  private happened(name: CommandName, { input, sentIn }: Pending): "no" | "perhaps" | "yes" {
    if (input !== null) return "yes";
    const isSettled = sentIn === null || (hasInput(name) && this.options.epoch() > sentIn);
    return COMMANDS[name].changes === "nothing" || isSettled ? "no" : "perhaps";
  }
}

/** Whether its input in the log carries its id. */
function hasInput(name: CommandName): boolean {
  return name !== "pushSamples";
}

/** Of a push that has one. */
function numberOf({ name, body }: Command): number | undefined {
  return name === "pushSamples" ? (body as Push).sequence : undefined;
}
