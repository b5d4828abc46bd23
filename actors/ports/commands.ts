/**
 * How a session carries out commands (protocol/commands.ts): by the handlers it was put together with.
 *
 * Scenarios and what-if lie outside actors/, so their handlers are handed in from there. A session has the commands it has handlers for.
 */
import {
  COMMANDS,
  type Command,
  type CommandAnswer,
  type CommandName,
  SESSION_KINDS,
} from "../../protocol/commands.ts";
import { EigenwatchError } from "../../protocol/errors.ts";

/** `signal` aborts when whoever asked has left: a handler that only computes an answer may stop. */
export type CommandHandler<Name extends CommandName> = (
  body: Command<Name>["body"],
  author: string,
  signal: AbortSignal,
) => CommandAnswer<Name> | Promise<CommandAnswer<Name>>;

export type CommandHandlers = { readonly [Name in CommandName]?: CommandHandler<Name> };

export function commandNames(handlers: CommandHandlers): CommandName[] {
  return Object.keys(handlers) as CommandName[];
}

/** Answers a command by its handler. Rejects with what the handler throws, or when the session has none for it. */
export async function carryOut<Name extends CommandName>(
  session: string,
  handlers: CommandHandlers,
  { name, body }: Command<Name>,
  author: string,
  signal: AbortSignal,
): Promise<CommandAnswer<Name>> {
  const handler: CommandHandler<Name> | undefined = handlers[name];
  if (handler === undefined) throw noSuchCommand(session, name);
  return handler(body, author, signal);
}

export function noSuchCommand(session: string, name: CommandName): EigenwatchError {
  const { action, where } = COMMANDS[name];
  const expected = where.map((kind) => SESSION_KINDS[kind]).join(" or ");
  return new EigenwatchError({ action, value: `session ${session}`, expected, kind: "notFound" });
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
