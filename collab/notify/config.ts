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

/** Throws an EigenwatchError for a secret that is not there. */
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

/** Where a session sends its notices, and of which events. */
export interface Notices {
  readonly channels: readonly Channel[];
  readonly kinds: readonly string[];
}

/** Throws as `channelsOf`; null when nobody is told. */
export function noticesOf(config: NotifyConfig | undefined): Notices | null {
  return config === undefined ? null : { channels: channelsOf(config, systemClock), kinds: config.kinds };
}

/** `recording`: the folder where the marks are kept, null for a session in memory. */
export function startNotifier(
  session: LiveSession,
  notices: Notices,
  recording: string | null,
  log: (message: string) => void,
): Notifier {
  const marks = recording === null ? memoryMarks() : fileMarks(join(recording, "notified.json"));
  return new Notifier({ session, ...notices, marks, clock: systemClock, random: Math.random, log });
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
