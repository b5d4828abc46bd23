/**
 * Browsers that have asked to be told by Web Push: kept in a file beside the recording, each a channel of the session's notifiers.
 *
 *   page ──subscribe──► checked ──► file ──► channel of each notifier ──gone at its service · its person not signed in any more──► removed
 *
 * S1  An endpoint is a URL that a client names and that this program then calls: only https hosts of known push services are taken.
 * S2  A subscription ends with the sign-in of whoever made it, before anything more is sent.
 * S3  A person has at most so many: the oldest makes room. So has a session: beyond it one is refused.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import * as v from "valibot";
import { EigenwatchError } from "../../protocol/errors.ts";
import { type PushSubscription, pushSubscription } from "../../protocol/push-subscription.ts";
import type { Channel, Notifier } from "./notifier.ts";
import { Gone } from "./post.ts";
import { type PushKeys, push, pushName } from "./push.ts";

/** A phone, and browsers at a few desks. */
const OF_PERSON_MAX = 8;
const OF_SESSION_MAX = 128;

/** What browsers name: Chrome and its kin, Firefox, Edge on Windows, Safari. */
export const PUSH_SERVICES: readonly string[] = [
  "fcm.googleapis.com",
  "updates.push.services.mozilla.com",
  "*.notify.windows.com",
  "*.push.apple.com",
];

const kept = v.array(v.object({ by: v.string(), subscription: pushSubscription }));

type Kept = v.InferOutput<typeof kept>[number];

export interface SubscriptionsOptions {
  readonly keys: PushKeys;
  readonly subject: string;
  /** Hosts of push services, on https: `*.` stands for any name before it. Or origins. */
  readonly services: readonly string[];
  /** Where they are kept; null: in memory. */
  readonly file: string | null;
  log(message: string): void;
}

export class PushSubscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #notifiers: Pick<Notifier, "add" | "remove">[] = [];
  #all: readonly Kept[];
  #isSignedIn: (by: string) => boolean = () => true;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#all = options.file === null ? [] : load(options.file);
  }

  /** What a page subscribes with. */
  get publicKey(): string {
    return this.#options.keys.publicKey;
  }

  /** Those that there are, and all later ones, are channels of this notifier. */
  serve(notifier: Pick<Notifier, "add" | "remove">): void {
    this.#notifiers.push(notifier);
    for (const each of this.#all) notifier.add(this.#channel(each));
  }

  /** Who is signed in, by id, is asked from now on before anything is sent. */
  guard(isSignedIn: (by: string) => boolean): void {
    this.#isSignedIn = isSignedIn;
  }

  /** Throws for an endpoint of an unknown service, and when the session has as many as it may. */
  subscribe(by: string, subscription: PushSubscription): void {
    checkEndpoint(subscription.endpoint, this.#options.services);
    const others = this.#all.filter((each) => each.subscription.endpoint !== subscription.endpoint);
    const own = others.filter((each) => each.by === by);
    const [oldest] = own.length < OF_PERSON_MAX ? [] : own;
    if (oldest === undefined && others.length >= OF_SESSION_MAX)
      throw new EigenwatchError({
        action: "subscribe to notices",
        value: `the session has ${others.length} subscriptions`,
        expected: `at most ${OF_SESSION_MAX}`,
        kind: "limit",
      });
    if (oldest !== undefined) this.#forget(oldest.subscription.endpoint);
    this.#forget(subscription.endpoint);
    const added = { by, subscription };
    this.#keep([...this.#all, added]);
    for (const notifier of this.#notifiers) notifier.add(this.#channel(added));
  }

  /** Only one's own: of another's endpoint nothing is said. */
  unsubscribe(by: string, endpoint: string): void {
    if (this.#all.some((each) => each.by === by && each.subscription.endpoint === endpoint))
      this.#forget(endpoint);
  }

  /** Removes those of people who are not signed in any more. */
  checkSignIns(): void {
    for (const { by, subscription } of this.#all)
      if (!this.#isSignedIn(by)) this.#forget(subscription.endpoint);
  }

  #channel({ by, subscription }: Kept): Channel {
    const { keys, subject } = this.#options;
    const channel = push({ subscription, keys, subject });
    return {
      name: channel.name,
      send: async (notice) => {
        try {
          if (!this.#isSignedIn(by)) throw new Gone("its person is not signed in any more");
          await channel.send(notice);
        } catch (error) {
          if (error instanceof Gone) this.#forget(subscription.endpoint);
          throw error;
        }
      },
    };
  }

  #forget(endpoint: string): void {
    const left = this.#all.filter(({ subscription }) => subscription.endpoint !== endpoint);
    if (left.length === this.#all.length) return;
    this.#keep(left);
    for (const notifier of this.#notifiers) notifier.remove(pushName(endpoint));
  }

  #keep(all: readonly Kept[]): void {
    this.#all = all;
    const { file, log } = this.#options;
    if (file === null) return;
    try {
      writeFileSync(`${file}.next`, JSON.stringify(all), { mode: 0o600 });
      renameSync(`${file}.next`, file);
    } catch (error) {
      log(`subscriptions to notices are not kept: ${(error as Error).message}`);
    }
  }
}

function checkEndpoint(endpoint: string, services: readonly string[]): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url !== null && url.username === "" && url.password === "" && isServed(url, services)) return;
  throw new EigenwatchError({
    action: "subscribe to notices",
    value: `the push service ${url === null ? "is no URL" : url.origin}`,
    expected: `https at ${services.join(", ")}`,
    kind: "denied",
  });
}

function isServed({ protocol, host, origin }: URL, services: readonly string[]): boolean {
  return services.some((service) => {
    // Named with its origin it may be on http: a relay on this machine.
    if (service.includes("://")) return origin === service;
    if (protocol !== "https:") return false;
    return service.startsWith("*.") ? host.endsWith(service.slice(1)) : host === service;
  });
}

function load(file: string): readonly Kept[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), kept), text);
  if (result.success) return result.output;
  throw new EigenwatchError({
    action: `read subscriptions from ${file}`,
    value: "it holds something else",
    expected: "what this program kept; remove the file to begin with none",
  });
}
