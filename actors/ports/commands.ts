/**
 * The commands of a session (protocol/commands.ts), carried out by handlers.
 *
 * Scenarios and what-if lie outside actors/, so their handlers come from there. A session has the commands it has handlers for.
 */
import {
  COMMANDS,
  type Command,
  type CommandAnswer,
  type CommandName,
  requireRole,
  SESSION_KINDS,
} from "../../protocol/commands.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Author } from "../../protocol/principal.ts";

/**
 * `signal` aborts when nobody waits for the answer any more: a handler that only computes an answer may stop. `id`: of a command that came
 * from another node; its input carries it, so that the asking node finds in the log whether it was carried out.
 */
export type CommandHandler<Name extends CommandName> = (
  body: Command<Name>["body"],
  author: Author,
  signal: AbortSignal,
  id?: string,
) => CommandAnswer<Name> | Promise<CommandAnswer<Name>>;

export type CommandHandlers = { readonly [Name in CommandName]?: CommandHandler<Name> };

export class SessionCommands {
  private readonly session: string;
  private handlers: CommandHandlers = {};

  constructor(session: string) {
    this.session = session;
  }

  /** Sets the handlers of all later commands. */
  handle(handlers: CommandHandlers): void {
    this.handlers = handlers;
  }

  names(): readonly CommandName[] {
    return Object.keys(this.handlers) as CommandName[];
  }

  /**
   * Carries out a command of `author`, whom its input in the log names. Resolves when the input is durable and admitted. Rejects with what
   * the handler throws, when the session does not have the command, and when the role of the author is too little (kind "denied"): every
   * way in ends here, so this is where roles are enforced.
   */
  async carryOut<Name extends CommandName>(
    { name, body }: Command<Name>,
    author: Author,
    signal: AbortSignal,
    id?: string,
  ): Promise<CommandAnswer<Name>> {
    const handler = this.handlerOf(name);
    requireRole(name, author.authorRole);
    return handler(body, author, signal, id);
  }

  /** Throws when the session does not have the command. */
  handlerOf<Name extends CommandName>(name: Name): CommandHandler<Name> {
    const handler: CommandHandler<Name> | undefined = this.handlers[name];
    if (handler !== undefined) return handler;
    const { action, where } = COMMANDS[name];
    const expected = where.map((kind) => SESSION_KINDS[kind]).join(" or ");
    throw new EigenwatchError({ action, value: `session ${this.session}`, expected, kind: "notFound" });
  }
}

/** The handler, for commands that keep a processor busy for seconds: while one is answered, the next is refused. */
export function oneAtATime<Name extends CommandName>(handler: CommandHandler<Name>): CommandHandler<Name> {
  let busy = false;
  return async (body, author, signal, id) => {
    if (busy)
      throw new EigenwatchError({
        action: "ask a question",
        value: "another one is being answered",
        expected: "to ask again after its answer",
        kind: "conflict",
      });
    busy = true;
    try {
      return await handler(body, author, signal, id);
    } finally {
      busy = false;
    }
  };
}

/**
 * A command that another node was asked to carry out, and whose answer did not come. `happened`: whether it changed the session, as the log
 * says; "perhaps" while the log cannot say it yet.
 */
export class CommandUnanswered extends EigenwatchError {
  override readonly name = "CommandUnanswered";
  readonly happened: "no" | "perhaps" | "yes";

  constructor(action: string, happened: "no" | "perhaps" | "yes", reason: string) {
    super({ action, value: `${reason}; ${OUTCOME[happened]}`, kind: "unavailable" });
    this.happened = happened;
  }
}

const OUTCOME = {
  no: "nothing was changed, so it may be sent again",
  perhaps: "it may still be carried out, so look before it is sent again",
  yes: "it was carried out, and only the answer is lost",
} as const;
