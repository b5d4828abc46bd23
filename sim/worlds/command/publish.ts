/** `feed --to nats:URL`: a synthetic world as a live feed of a session that runs on other machines. */
import { print, printJson } from "../../../actors/command-line/terminal.ts";
import { DELIVERY_MS, publishFeed } from "../../../actors/feeds/mod.ts";
import { createFeeds, systemClock } from "../../../actors/mod.ts";
import { connectBus, type NatsFlags } from "../../../collab/live/nats-flags.ts";
import { ownedPartition } from "../../../collab/live/node-status.ts";
import { stopSignal } from "../../../collab/stop-signal.ts";
import { synthWorlds } from "../worlds.ts";
import { type FeedOptions, sessionSpec } from "./feed-options.ts";

/** Until the world ends, or a signal comes. Returns the exit code. */
export async function publishWorld(
  scenario: string,
  url: string,
  options: FeedOptions & NatsFlags,
): Promise<number> {
  const { session, partition, seed, json } = options;
  const spec = sessionSpec(scenario, options);
  const [feed] = createFeeds([spec], { worlds: synthWorlds(), clock: systemClock, seed });
  const log = (message: string) => (json ? printJson({ what: "log", message }) : print(message));
  const bus = await connectBus({ ...options, nats: url }, `feed ${scenario}`, log);
  const giveUp = new AbortController();
  let cancel: () => void = () => {};
  try {
    await ownedPartition(bus, session, partition);
    if (json) printJson({ what: "publishing", session, partition, spec });
    else print(`${scenario} goes to session ${session}, partition ${partition}; Ctrl-C ends it`);
    void stopSignal().then(() => {
      cancel = systemClock.after(DELIVERY_MS, () => giveUp.abort());
      return feed!.stop();
    });
    await publishFeed(feed!, { bus, session, partition, clock: systemClock, signal: giveUp.signal });
    return 0;
  } finally {
    cancel();
    await bus.close();
  }
}
