/** A request of a person to a session: its shape, who asks, and its refusal in the words of what refused it. */
import * as v from "valibot";
import { CommandError } from "../../actors/mod.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { HttpError } from "./http-error.ts";
import type { RequestContext } from "./request-context.ts";

/** The body as the schema has it, or a HttpError (400) that names the field. */
export function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  body: unknown,
  action: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  if (issue.expected === "never") throw new HttpError(400, action, `field ${field}`, "no such field");
  const value = field === null ? issue.received : `${field} is ${issue.received}`;
  throw new HttpError(400, action, value, issue.expected ?? issue.message);
}

/** Who asks, for the log of the session: how the gateway knows them, and from where. */
export function authorOf({ identity, address }: RequestContext): string {
  const who = identity.kind === "login" ? `login ${identity.login.slice(0, 8)}` : identity.kind;
  return `${who} at ${address}`;
}

/** What a session refuses in words becomes a HttpError with these words. */
export async function carriedOut<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ProtocolError) throw new HttpError(400, error.action, error.value, error.expected);
    if (error instanceof CommandError) throw refusalOf(error.message);
    throw error;
  }
}

/** "Cannot do: this was met; expected that" in its three parts. */
function refusalOf(message: string): HttpError {
  const [, action = "do that", value = message, expected = "a request that can be carried out"] =
    /^Cannot ([^:]+): (.*?)(?:[;,] expected (.*))?$/s.exec(message) ?? [];
  return new HttpError(400, action, value, expected);
}
