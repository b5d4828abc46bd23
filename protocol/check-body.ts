/** Checks the body of a message by its schema. The error names the field, its value and what was expected. */
import * as v from "valibot";
import { MalformedMessage } from "./errors.ts";

/** The body with only the fields of the schema, in the order of the schema. */
export function checked<Schema extends v.GenericSchema>(
  action: string,
  schema: Schema,
  body: unknown,
): v.InferOutput<Schema> {
  // The library accepts an array as a map without fields.
  if (Array.isArray(body)) throw new MalformedMessage(action, "the body is an array", "a map");
  const result = v.safeParse(schema, body, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  const field = path === null ? "the body" : path;
  if (issue.received === "undefined") throw new MalformedMessage(action, `no ${field}`, `a field ${field}`);
  throw new MalformedMessage(action, `${field} is ${shorten(issue.received)}`, expectedBy(issue));
}

/** What the schema expected. Checks of our own have it in their message. */
function expectedBy(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "custom" || issue.type === "check") return issue.message.replace("Expected ", "");
  return issue.expected ?? issue.message;
}

/** The start of a value from outside, short enough for one line. */
export function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
