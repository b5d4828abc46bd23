/**
 * One POST of a notice, and what its answer says: taken, refused for good, or to be tried again by the notifier.
 *
 * P1  Redirects are not followed: a notice goes to the configured address alone.
 * P2  Errors name the receiver as it is called here, never its whole URL: a path or a query may be a secret.
 */
import { NotTaken } from "./notifier.ts";

export interface Posting {
  /** Of errors: "webhook at https://example.org". */
  readonly receiver: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** For one attempt; default ANSWER_MS. */
  readonly answerMs?: number | undefined;
}

/** Receivers answer first and work later. */
const ANSWER_MS = 10_000;

/** Of 4xx those that may change: "timed out", "too early" and "too many". */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/** The receiver knows nobody of this address any more. */
export class Gone extends NotTaken {}

/** Resolves when the receiver has taken it. */
export async function post({ receiver, url, headers, body, answerMs = ANSWER_MS }: Posting): Promise<void> {
  const signal = AbortSignal.timeout(answerMs);
  const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal }).catch(
    (error: unknown) => {
      const isLate = error instanceof Error && error.name === "TimeoutError";
      throw new Error(`${receiver}: ${isLate ? `no answer in ${answerMs} ms` : "no connection"}`);
    },
  );
  await response.body?.cancel();
  const { status } = response;
  if (status >= 200 && status < 300) return;
  const message = `${receiver} answers ${status}`;
  if (status === 404 || status === 410) throw new Gone(message);
  throw status >= 300 && status < 500 && !LATER.has(status) ? new NotTaken(message) : new Error(message);
}
