/**
 * Sends notices to a URL, signed.
 *
 *   POST url · content-type: application/json · idempotency-key: SESSION/EVENT
 *   eigenwatch-timestamp: seconds since 1970 · eigenwatch-signature: v1=hex(HMAC-SHA256(secret, timestamp + "." + body))
 *
 * W1  A receiver that checks signature and timestamp knows who sent it, that it was not changed, and that it is not old.
 * W2  Each attempt has the same key and its own timestamp.
 * W3  Redirects are not followed: the signed body goes to the configured URL alone.
 */
import { createHash, createHmac } from "node:crypto";
import type { Clock } from "../../actors/ports/clock.ts";
import { type Channel, NotTaken } from "./notifier.ts";

export interface WebhookOptions {
  readonly url: string;
  readonly secret: string;
  readonly clock: Clock;
  /** For one attempt; default ANSWER_MS. */
  readonly answerMs?: number;
}

/** Receivers answer first and work later. */
const ANSWER_MS = 10_000;

/** Answers that will not change: all of 4xx but "too early", "too many" and "timed out". */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

export function webhook({ url, secret, clock, answerMs = ANSWER_MS }: WebhookOptions): Channel {
  // Where it goes, without what may be a secret in its path or query.
  const { origin } = new URL(url);
  return {
    name: `webhook ${origin} ${createHash("sha256").update(url).digest("hex").slice(0, 8)}`,
    async send({ key, session, event }) {
      const body = JSON.stringify({ id: key, session, event });
      const timestamp = String(Math.floor(clock.nowUs() / 1_000_000));
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "idempotency-key": key,
          "eigenwatch-timestamp": timestamp,
          "eigenwatch-signature": signature(secret, timestamp, body),
        },
        body,
        redirect: "manual",
        signal: AbortSignal.timeout(answerMs),
      }).catch((error: unknown) => {
        const why =
          error instanceof Error && error.name === "TimeoutError"
            ? `no answer in ${answerMs} ms`
            : "no connection";
        throw new Error(`webhook at ${origin}: ${why}`);
      });
      await response.body?.cancel();
      const { status } = response;
      if (status >= 200 && status < 300) return;
      const refused = status >= 300 && status < 500 && !LATER.has(status);
      const message = `webhook at ${origin} answers ${status}`;
      throw refused ? new NotTaken(message) : new Error(message);
    },
  };
}

/** As a receiver computes it to check. */
export function signature(secret: string, timestamp: string, body: string): string {
  return `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
}
