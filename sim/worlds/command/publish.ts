/** `feed --to nats:URL`: a synthetic world as a feed of a session that runs on other machines. */
import { randomUUID } from "node:crypto";
import { stopSignal } from "../../../actors/command-line/stop-signal.ts";
import { print, printJson } from "../../../actors/command-line/terminal.ts";
import { DELIVERY_MS, publishFeed } from "../../../actors/feeds/mod.ts";
import { checkSourceName, createFeed, systemClock } from "../../../actors/mod.ts";
import { checkClock } from "../../../collab/live/check-clock.ts";
import { holdFeedName } from "../../../collab/live/feed-name.ts";
import { connectBus, type NatsFlags } from "../../../collab/live/nats-flags.ts";
import { ownedPartition, ownerStatusOf } from "../../../collab/live/node-status.ts";
import { SentSamples } from "../../../collab/live/sent-samples.ts";
import type { EigenwatchError } from "../../../protocol/errors.ts";
import { synthWorlds } from "../worlds.ts";
import { type FeedOptions, recordedSpan, sessionSpec } from "./feed-options.ts";
import { refuseOtherTime } from "./other-time.ts";

/** Until the world ends, or a signal comes. Returns the exit code. */
export async function publishWorld(
  scenario: string,
  url: string,
  options: FeedOptions & NatsFlags,
): Promise<number> {
  const { session, partition, name, seed, json } = options;
  if (name !== undefined) checkSourceName(name);
  const spec = sessionSpec(scenario, options);
  const feed = createFeed(spec, { worlds: synthWorlds(), clock: systemClock, seed }, name);
  const { source } = feed;
  const log = (message: string) => (json ? printJson({ what: "log", message }) : print(message));
  const bus = await connectBus({ ...options, nats: url }, `feed ${scenario}`, log);
  const place = { bus, session, partition, clock: systemClock };
  const giveUp = new AbortController();
  let cancel: () => void = () => {};
  let failure: EigenwatchError | null = null;
  try {
    await ownedPartition(bus, session, partition);
    // Without an answer the owner still finds out by itself.
    const { data } = await ownerStatusOf(bus, session, partition).catch(() => ({ data: null }));
    const recorded = feed.kind === "live" ? null : recordedSpan(scenario, options);
    if (recorded === null) await checkClock(bus, `bring ${source} to session ${session}`);
    refuseOtherTime(`bring ${source} to session ${session}`, recorded, data, systemClock.nowUs());
    const lost = (error: EigenwatchError): void => {
      failure = error;
      giveUp.abort();
      void feed.stop();
    };
    const held = await holdFeedName({ ...place, source, holder: randomUUID(), lost });
    // A program that reads "publishing" may send a signal at once.
    const stopped = stopSignal();
    if (json) printJson({ what: "publishing", session, partition, source, spec });
    else print(`${source} goes to session ${session}, partition ${partition}; Ctrl-C ends it`);
    void stopped.then(() => {
      cancel = systemClock.after(DELIVERY_MS, () => giveUp.abort());
      return feed.stop();
    });
    const sent = await SentSamples.begin({
      clock: systemClock,
      ask: () => ownerStatusOf(bus, session, partition, source),
      leftOut: (samples, offered) => {
        if (feed.kind === "live") log(`${source}: ${leftOutText(samples, offered)} so far`);
      },
    });
    try {
      await publishFeed(sent.counting(feed), { ...place, signal: giveUp.signal });
      // What is delivered once is in the log by now, this time or from an earlier reading.
      if (feed.kind === "live") await sent.end();
    } finally {
      sent.stop();
      await held.end(true);
    }
    if (failure !== null) throw failure;
    const shed = feed.kind === "live" ? sent.missing : 0;
    if (json) printJson({ what: "published", source, samples: sent.offered, shed });
    else if (feed.kind === "live") print(`${source}: ${leftOutText(shed, sent.offered)}`);
    else print(`${source}: ${sent.offered} samples are durable`);
    return 0;
  } finally {
    cancel();
    await bus.close();
  }
}

/** Why some may be: they come faster than the owner takes them, or while nobody owns the partition. */
function leftOutText(samples: number, offered: number): string {
  return `${samples} of ${offered} samples were shed or lost on the way`;
}
