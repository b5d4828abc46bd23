/**
 * The other gateways of a session in a cluster, as a room's presence hears them and is heard. Nothing of it is kept.
 *
 *   changes of this gateway's people ──ew.<session>.room.presence──► the other gateways
 *   a gateway that begins ──asks──► each says all it has
 *
 * A message that is lost is made good within a renewal (ROOM_LIMITS.presenceRenewMs), an entry whose end is lost leaves after
 * ROOM_LIMITS.othersSilentMs.
 */
import type { Bus } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { CountedLines } from "../../actors/ports/counted-lines.ts";
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { MAX_PRESENCE_ENTRIES } from "../../protocol/limits.ts";
import type { MessageOf } from "../../protocol/messages.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import type { SharedEntry } from "./presence.ts";

/** Characters of one message: half of what it may have in bytes, which most characters of names need one of. */
const CHARACTERS_MAX = 131_072;

export type PresenceSaid = Pick<MessageOf<"presence">, "gateway" | "connections" | "asks" | "entries">;

export interface PresenceLink {
  say(connections: number, entries: readonly SharedEntry[], asks?: true): void;
  /** The returned function ends it. */
  hear(take: (said: PresenceSaid) => void): () => void;
}

export interface PresenceLinkOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly session: string;
  /** Unlike any other process of the session. */
  readonly gateway: string;
  log(message: string): void;
}

export function presenceLink({ bus, clock, session, gateway, log }: PresenceLinkOptions): PresenceLink {
  const subject = subjectOf(session, ROOM_PARTITION, "presence");
  const garbage = new CountedLines(clock, log);
  return {
    say(connections, entries, asks) {
      for (const part of parts(entries)) {
        const asked = asks === undefined ? {} : { asks };
        bus.publish(
          subject,
          encodeMessage({ type: "presence", gateway, connections, ...asked, entries: part }),
        );
      }
    },
    hear: (take) =>
      bus.subscribe(subject, (_subject, bytes) => {
        try {
          const said = decodeAs("presence", bytes);
          if (said.gateway !== gateway) take(said);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          garbage.say("presence", `presence of another gateway is passed over: ${error.message}`);
        }
      }),
  };
}

/** At least one, which may be empty. */
function parts(entries: readonly SharedEntry[]): SharedEntry[][] {
  const all: SharedEntry[][] = [[]];
  let characters = 0;
  for (const entry of entries) {
    const part = all.at(-1)!;
    characters += entry.state.length;
    if (part.length === 0 || (part.length < MAX_PRESENCE_ENTRIES && characters <= CHARACTERS_MAX))
      part.push(entry);
    else {
      all.push([entry]);
      characters = entry.state.length;
    }
  }
  return all;
}
