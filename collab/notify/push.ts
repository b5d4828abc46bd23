/**
 * Sends notices to a browser that has subscribed, through the push service of its maker (Web Push: RFC 8030; VAPID: RFC 8292).
 *
 *   notice ─► encrypted for the browser alone (RFC 8291) ─► POST endpoint, signed with this program's key ─► service ─► browser
 *
 * U1  The service sees neither text nor session: only when something is sent, how urgent it is, and how large.
 * U2  A notice that is sent twice replaces itself: its topic and its tag are made of its key.
 */
import { Buffer } from "node:buffer";
import { createECDH, createHash, type ECDH } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { Urgency } from "web-push";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Severity } from "../../protocol/messages.ts";
import type { PushSubscription } from "../../protocol/push-subscription.ts";
import type { Channel } from "./notifier.ts";
import { post } from "./post.ts";

export interface PushKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

export interface PushOptions {
  readonly subscription: PushSubscription;
  readonly keys: PushKeys;
  /** Whom a push service may write to about this program: mailto: or https:. */
  readonly subject: string;
  readonly answerMs?: number;
}

/** A browser that is away for longer gets the newest things from the page. */
const KEPT_SECONDS = 86_400;

/** Characters of the title: with the rest it stays far below the 4,096 bytes that a service takes. */
const TITLE_MAX = 500;

const URGENCY: Readonly<Record<Severity, Urgency>> = {
  critical: "high",
  warning: "normal",
  notice: "normal",
  info: "low",
};

export function push({ subscription, keys, subject, answerMs }: PushOptions): Channel {
  const { endpoint } = subscription;
  const receiver = `push service at ${new URL(endpoint).origin}`;
  return {
    name: pushName(endpoint),
    async send({ key, session, event }) {
      const tag = createHash("sha256").update(key).digest("base64url").slice(0, 32);
      const { severity, title, timeUs, kind } = event;
      const payload = JSON.stringify({
        tag,
        session,
        severity,
        kind,
        timeUs,
        title: title.slice(0, TITLE_MAX),
      });
      // Loaded by who needs it: most sessions tell no browser.
      const { default: webPush } = await import("web-push");
      const { headers, body } = webPush.generateRequestDetails(subscription, payload, {
        vapidDetails: { subject, ...keys },
        TTL: KEPT_SECONDS,
        urgency: URGENCY[severity],
        topic: tag,
      });
      // `fetch` counts the bytes itself.
      const { "Content-Length": _, ...given } = headers as Record<string, unknown>;
      const own = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
      await post({ receiver, url: endpoint, headers: own, body: new Uint8Array(body!), answerMs });
    },
  };
}

export function pushName(endpoint: string): string {
  const hash = createHash("sha256").update(endpoint).digest("hex").slice(0, 16);
  return `push ${new URL(endpoint).origin} ${hash}`;
}

/** The key in a file; a new one where there is no file. Only its owner may read it: whoever has it can write to all browsers that subscribed. */
export function pushKeys(file: string): PushKeys {
  const curve = createECDH("prime256v1");
  try {
    const known = readKey(file);
    if (known === null) {
      curve.generateKeys();
      // The file must not have come meanwhile.
      writeFileSync(file, `${privateKeyOf(curve)}\n`, { mode: 0o600, flag: "wx" });
    } else curve.setPrivateKey(Buffer.from(known, "base64url"));
  } catch (cause) {
    const value = `${file}: ${(cause as Error).message}`;
    const expected = "a private key of P-256 in base64url, or no file, so that one is made";
    throw new EigenwatchError({ action: "read the key of Web Push", value, expected }, { cause });
  }
  return { publicKey: curve.getPublicKey().toString("base64url"), privateKey: privateKeyOf(curve) };
}

/** 32 bytes: a key may begin with zeros, which the curve leaves out. */
function privateKeyOf(curve: ECDH): string {
  const hex = curve.getPrivateKey().toString("hex").padStart(64, "0");
  return Buffer.from(hex, "hex").toString("base64url");
}

function readKey(file: string): string | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  if (/^[\w-]{43}$/.test(text)) return text;
  throw new Error(`${text.length} characters`);
}
