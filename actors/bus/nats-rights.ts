/**
 * What a user of NATS must be allowed for a session, tried before a node joins: a heartbeat that may not be sent would be refused every second.
 *
 * Each subject is asked with nothing that could be stored: whoever answers, or that nobody does, shows that it may be published to.
 */
import { escapeName, subjectOf } from "../../protocol/subjects.ts";
import type { NatsLink } from "./nats-connection.ts";
import { notAllowed } from "./nats-errors.ts";
import { natsName } from "./nats-names.ts";
import { NotAllowed } from "./nats-requests.ts";

/** No stream has this name, so that none takes a message which expects it. */
const EXPECTED_STREAM = "Nats-Expected-Stream";
const NO_STREAM = "eigenwatch-tries-its-rights";

/** Rejects with an EigenwatchError that names the first right that is missing. */
export async function checkRights(link: NatsLink, session: string): Promise<void> {
  const missing = (await deniedSubscription(link, session)) ?? (await deniedPublication(link, session));
  if (missing !== null) throw notAllowed(link.options, missing);
}

async function deniedSubscription(link: NatsLink, session: string): Promise<string | null> {
  let isDenied = false;
  const subject = tried(session);
  const subscription = link.connection.subscribe(subject, {
    callback: (error) => {
      isDenied ||= error !== null;
    },
  });
  // The server refuses before it answers this.
  await link.connection.flush();
  subscription.unsubscribe();
  return isDenied ? `subscribe to ${wholeOf(session)}` : null;
}

async function deniedPublication(link: NatsLink, session: string): Promise<string | null> {
  const [nodes, held, snapshots] = ["nodes", "held", "snapshots"].map((of) =>
    natsName(`${escapeName(session)}-${of}`),
  );
  const rights: [right: string, subject: string][] = [
    [wholeOf(session), tried(session)],
    ["$JS.API.>", `$JS.API.STREAM.CREATE.${NO_STREAM}`],
    ["$JS.API.>", `$JS.API.CONSUMER.CREATE.${NO_STREAM}`],
    ["$JS.FC.>", `$JS.FC.${NO_STREAM}`],
    [`$KV.${nodes}.>`, `$KV.${nodes}.${NO_STREAM}`],
    [`$KV.${held}.>`, `$KV.${held}.${NO_STREAM}`],
    [`ewstate.${snapshots}.>`, `ewstate.${snapshots}.${NO_STREAM}`],
  ];
  for (const [right, subject] of rights) {
    const headers = link.nats.headers();
    headers.set(EXPECTED_STREAM, NO_STREAM);
    try {
      await link.request(subject, new Uint8Array(), undefined, headers);
    } catch (error) {
      // Anything else that happens is met again where it matters.
      if (error instanceof NotAllowed) return `publish to ${right}`;
    }
  }
  return null;
}

function wholeOf(session: string): string {
  return `ew.${escapeName(session)}.>`;
}

/** Under the session, where nothing listens and nothing is stored. */
function tried(session: string): string {
  return subjectOf(session, "any", "status", NO_STREAM);
}
