/** What the config file says about notices, and the channels made of it. Everything is off without it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import * as v from "valibot";
import { systemClock } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { email } from "./email.ts";
import { fileMarks, memoryMarks } from "./marks.ts";
import { type Channel, Notifier } from "./notifier.ts";
import { pushKeys } from "./push.ts";
import { PUSH_SERVICES, PushSubscriptions } from "./subscriptions.ts";
import { webhook } from "./webhook.ts";

/** A secret is named by where it is: in a file, or in a variable of the environment. */
const secret = { secretFile: v.optional(v.string()), secretVariable: v.optional(v.string()) };

const httpUrl = v.pipe(
  v.string(),
  v.check((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), "an http or https URL"),
);
const smtpUrl = v.pipe(
  v.string(),
  v.check(
    (text) => URL.canParse(text) && /^smtps?:$/.test(new URL(text).protocol) && new URL(text).password === "",
    "smtp://user@host:port or smtps://…, without a password",
  ),
);

/** More are a job for what receives them. */
const CHANNELS_MAX = 16;

export const notifySchema = v.strictObject({
  /** Kinds of events of which people are told. */
  kinds: v.optional(v.array(v.string()), ["alert.fired", "alert.resolved", "incident.opened"]),
  webhooks: v.optional(
    v.pipe(v.array(v.strictObject({ url: httpUrl, ...secret })), v.maxLength(CHANNELS_MAX)),
    [],
  ),
  /** Web Push: people switch it on at the page, each browser by itself. */
  push: v.optional(
    v.strictObject({
      /** Whom a push service may write to about this program. */
      subject: v.pipe(v.string(), v.regex(/^(mailto:.+@.+|https:\/\/.+)$/, "mailto:NAME@HOST or https://…")),
      /** Where this program's key is; it is made at the first start. */
      keyFile: v.string(),
      /** Hosts of push services; default: those of the common browsers. */
      services: v.optional(v.pipe(v.array(v.string()), v.maxLength(CHANNELS_MAX)), [...PUSH_SERVICES]),
    }),
  ),
  emails: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          server: smtpUrl,
          from: v.string(),
          to: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(CHANNELS_MAX)),
          ...secret,
        }),
      ),
      v.maxLength(CHANNELS_MAX),
    ),
    [],
  ),
});

export type NotifyConfig = v.InferOutput<typeof notifySchema>;

interface Where {
  readonly secretFile?: string | undefined;
  readonly secretVariable?: string | undefined;
}

/** Throws an EigenwatchError for a secret that is not there. Browsers are channels of their own (subscriptions.ts). */
export function channelsOf({ webhooks, emails }: NotifyConfig, clock: Clock): Channel[] {
  return [
    ...webhooks.map(({ url, ...where }) => {
      const secret = readSecret(`webhook ${new URL(url).origin}`, where);
      if (secret === null)
        throw noSecret(`webhook ${new URL(url).origin}`, "neither secretFile nor secretVariable");
      return webhook({ url, secret, clock });
    }),
    ...emails.map(({ server, from, to, ...where }) => {
      const password = readSecret(`e-mail server ${new URL(server).hostname}`, where);
      return email({ server, from, to, ...(password === null ? {} : { password }) });
    }),
  ];
}

/** Throws as `channelsOf`, and opens nothing that stays. */
export function checkChannels(config: NotifyConfig, clock: Clock): void {
  for (const channel of channelsOf(config, clock)) channel.close?.();
}

/** Where a session sends its notices, and of which events. */
export interface Notices {
  readonly channels: readonly Channel[];
  readonly kinds: readonly string[];
  /** Browsers that have subscribed; null: nobody can. */
  readonly subscriptions: PushSubscriptions | null;
}

/** Throws as `channelsOf`; null when nobody is told. `recording`: the folder beside which subscriptions are kept, null for a session in memory. */
export function noticesOf(
  config: NotifyConfig | undefined,
  recording: string | null,
  log: (message: string) => void,
): Notices | null {
  if (config === undefined) return null;
  const { kinds, push } = config;
  return {
    channels: channelsOf(config, systemClock),
    kinds,
    subscriptions: push === undefined ? null : subscriptionsOf(push, recording, log),
  };
}

function subscriptionsOf(
  { subject, keyFile, services }: NonNullable<NotifyConfig["push"]>,
  recording: string | null,
  log: (message: string) => void,
): PushSubscriptions {
  // Beside the folder, not in it: whoever gets a copy of the recording must not be able to write to browsers.
  const file = recording === null ? null : `${recording.replace(/[\\/]+$/, "")}.push.json`;
  return new PushSubscriptions({ keys: pushKeys(keyFile), subject, services, file, log });
}

/** `recording`: the folder where the marks are kept, null for a session in memory. */
export function startNotifier(
  session: LiveSession,
  { channels, kinds, subscriptions }: Notices,
  recording: string | null,
  log: (message: string) => void,
): Notifier {
  const marks = recording === null ? memoryMarks() : fileMarks(join(recording, "notified.json"));
  const random = Math.random;
  const notifier = new Notifier({ session, channels, kinds, marks, clock: systemClock, random, log });
  subscriptions?.serve(notifier);
  return notifier;
}

/** Null when none is named. */
function readSecret(of: string, { secretFile, secretVariable }: Where): string | null {
  if (secretFile !== undefined && secretVariable !== undefined)
    throw new EigenwatchError({
      action: `read the secret of ${of}`,
      value: "secretFile and secretVariable",
      expected: "one of them",
    });
  if (secretFile !== undefined) {
    const text = fileText(secretFile).trim();
    if (text === "") throw noSecret(of, `file ${secretFile}`);
    return text;
  }
  if (secretVariable === undefined) return null;
  const text = process.env[secretVariable]?.trim() ?? "";
  if (text === "") throw noSecret(of, `variable ${secretVariable}`);
  return text;
}

function fileText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** It names where the secret was looked for, never what was found. */
function noSecret(of: string, where: string): EigenwatchError {
  return new EigenwatchError({ action: `read the secret of ${of}`, value: `nothing in ${where}` });
}
