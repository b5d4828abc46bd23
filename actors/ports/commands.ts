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
  SESSION_KINDS,
} from "../../protocol/commands.ts";
import { EigenwatchError } from "../../protocol/errors.ts";

/** `signal` aborts when nobody waits for the answer any more: a handler that only computes an answer may stop. */
export type CommandHandler<Name extends CommandName> = (
  body: Command<Name>["body"],
  author: string,
  signal: AbortSignal,
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
   * the handler throws, or when the session does not have the command.
   */
  async carryOut<Name extends CommandName>(
    { name, body }: Command<Name>,
    author: string,
    signal: AbortSignal,
  ): Promise<CommandAnswer<Name>> {
    return this.handlerOf(name)(body, author, signal);
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
  return async (body, author, signal) => {
    if (busy)
      throw new EigenwatchError({
        action: "ask a question",
        value: "another one is being answered",
        expected: "to ask again after its answer",
        kind: "conflict",
      });
    busy = true;
    try {
      return await handler(body, author, signal);
    } finally {
      busy = false;
    }
  };
}
