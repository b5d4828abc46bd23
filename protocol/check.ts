/** Checks a body by its schema and says what is wrong with it in the words of an error. */
import * as v from "valibot";
import { MalformedMessage } from "./errors.ts";

/** The body with the schema's fields only, in the schema's order. */
export function checked<Schema extends v.GenericSchema>(
  action: string,
  schema: Schema,
  body: unknown,
): v.InferOutput<Schema> {
  // The library takes an array for a map without fields.
  if (Array.isArray(body)) throw new MalformedMessage(action, "the body is an array", "a map");
  const result = v.safeParse(schema, body, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  const field = path === null ? "the body" : path;
  if (issue.received === "undefined") throw new MalformedMessage(action, `no ${field}`, `a field ${field}`);
  throw new MalformedMessage(action, `${field} is ${shorten(issue.received)}`, expectedBy(issue));
}

/** What the schema expected; our own checks say it in their message. */
function expectedBy(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "custom" || issue.type === "check") return issue.message.replace("Expected ", "");
  return issue.expected ?? issue.message;
}

/** Enough of a value from outside for one line. */
export function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
