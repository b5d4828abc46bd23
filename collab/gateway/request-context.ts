/** One HTTP request on its way through the gateway: what the checks at the door found out about it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Identity } from "./auth.ts";
import { HttpError } from "./http-error.ts";

export interface RequestContext {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Below the base path, beginning with "/". */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Of the client, or of the proxy before us. */
  readonly address: string;
  /** Where the page lives as the browser sees it, ending with "/": the path of cookies. */
  readonly cookiePath: string;
  /** The browser speaks https (to us or to the proxy). */
  readonly secure: boolean;
  readonly identity: Identity;
}

/** A query parameter that is a whole number from `min` to `max`; `otherwise` when it is absent. Throws a HttpError (400). */
export function wholeParameter(
  query: URLSearchParams,
  name: string,
  otherwise: number,
  min: number,
  max: number,
): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new HttpError(400, `read parameter ${name}`, text, `a whole number from ${min} to ${max}`);
}
