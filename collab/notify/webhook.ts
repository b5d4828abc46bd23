/**
 * Sends notices to a URL, signed.
 *
 *   POST url · content-type: application/json · idempotency-key: SESSION/EVENT
 *   eigenwatch-timestamp: seconds since 1970 · eigenwatch-signature: v1=hex(HMAC-SHA256(secret, timestamp + "." + body))
 *
 * W1  A receiver that checks signature and timestamp knows who sent it, that it was not changed, and that it is not old.
 * W2  Each attempt has the same key and its own timestamp.
 */
import { createHash, createHmac } from "node:crypto";
import type { Clock } from "../../actors/ports/clock.ts";
import type { Channel } from "./notifier.ts";
import { post } from "./post.ts";

export interface WebhookOptions {
  readonly url: string;
  readonly secret: string;
  readonly clock: Clock;
  /** For one attempt; default: that of `post`. */
  readonly answerMs?: number;
}

export function webhook({ url, secret, clock, answerMs }: WebhookOptions): Channel {
  // Where it goes, without what may be a secret in its path or query.
  const { origin } = new URL(url);
  return {
    name: `webhook ${origin} ${createHash("sha256").update(url).digest("hex").slice(0, 8)}`,
    async send({ key, session, event }) {
      const body = JSON.stringify({ id: key, session, event });
      const timestamp = String(Math.floor(clock.nowUs() / 1_000_000));
      const headers = {
        "content-type": "application/json",
        "idempotency-key": key,
        "eigenwatch-timestamp": timestamp,
        "eigenwatch-signature": signature(secret, timestamp, body),
      };
      await post({ receiver: `webhook at ${origin}`, url, headers, body, answerMs });
    },
  };
}

/** As a receiver computes it to check. */
export function signature(secret: string, timestamp: string, body: string): string {
  return `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
}
