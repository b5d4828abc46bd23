/** What all routes share: the state of the gateway, the shape of a route, and the session that a request names. */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ScanDesk } from "../../actors/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Auth, Standing } from "./auth.ts";
import type { ConnectionCount } from "./connection-count.ts";
import type { Grants } from "./grants.ts";
import type { GatewayLimits } from "./limits.ts";
import type { Counters } from "./metrics.ts";
import type { OpenSockets } from "./open-sockets.ts";
import type { PushService } from "./push-service.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { RecordingShelf } from "./recording-shelf.ts";
import type { RequestContext, RequestOrigin } from "./request.ts";
import type { SessionHub } from "./session-hub.ts";

export interface Route {
  readonly methods: readonly string[];
  readonly answer: (context: RequestContext) => void | Promise<void>;
}

/** A stream that the gateway keeps alive, and ends when it closes. */
export interface OpenStream {
  keepAlive(): void;
  /** Ends the stream when its client is not signed in any more. */
  checkSignIn(): void;
  end(): void;
}

/** Further WebSockets, below a path of their own. */
export interface UpgradeRoute {
  /** "/collab/": ends with a slash. */
  readonly prefix: string;
  /** Upgrades a request that passed the guard; strangers are up to it. Throws when the request cannot be upgraded. */
  accept(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    from: RequestOrigin,
    standing: () => Standing,
  ): void;
  /** Ends at once the connections of those who are not signed in any more. */
  checkSignIns(): void;
  close(): Promise<void>;
}

/** What all requests share. */
export interface GatewayContext {
  readonly hubs: readonly SessionHub[];
  readonly auth: Auth;
  readonly grants: Grants;
  readonly connections: ConnectionCount;
  readonly sockets: OpenSockets;
  readonly counters: Counters;
  readonly limits: GatewayLimits;
  /** Work of decimation, by who pays for it (`payerOf`). */
  readonly decimationRates: RateLimit;
  readonly nowMs: () => number;
  /** Program and version of the gateway. */
  readonly server: string;
  /** Further WebSockets, besides /ws. */
  readonly upgrades: readonly UpgradeRoute[];
  /** Null where there are none: no universe is served, and the log has no scan. */
  readonly scans: ScanDesk | null;
  /** Null where nobody is told by Web Push. */
  readonly push: PushService | null;
  /** Recordings that may be opened, null where there are none. */
  readonly recordings: RecordingShelf | null;
  /** Of a recording that was opened: the relative address of the live session's page. */
  readonly live: string | null;
  /** Open SSE streams. */
  readonly streams: Set<OpenStream>;
}

/** The sessions that somebody may look at: a guest and a ticket are for one. */
export function hubsOf(hubs: readonly SessionHub[], { identity }: RequestOrigin): readonly SessionHub[] {
  if (identity.kind === "stranger" || identity.session === null) return hubs;
  const { session } = identity;
  return hubs.filter((hub) => hub.session.session === session);
}

/**
 * The hub of `?session=` and `?partition=`, of those that the client may look at: without them the first session, and the first of its
 * partitions. Throws when there is no session or partition of that name.
 */
export function chooseHub(hubs: readonly SessionHub[], from: RequestOrigin): SessionHub {
  const [first, ...others] = hubsOfSession(hubsOf(hubs, from), from.query.get("session"));
  const name = from.query.get("partition");
  const hub = name === null ? first : [first, ...others].find(({ session }) => session.partition === name);
  if (hub !== undefined) return hub;
  const expected = [first, ...others].map(({ session }) => session.partition).join(" or ");
  const action = `find partition of session ${first.session.session}`;
  throw new EigenwatchError({ action, value: name ?? "", expected, kind: "notFound" });
}

/** All partitions of a session, of the first one without a name. Throws when there is no session of that name. */
export function hubsOfSession(
  hubs: readonly SessionHub[],
  name: string | null,
): [first: SessionHub, ...others: SessionHub[]] {
  const session = name ?? hubs[0]?.session.session;
  const [first, ...others] = hubs.filter((hub) => hub.session.session === session);
  if (first !== undefined) return [first, ...others];
  const expected = [...new Set(hubs.map((hub) => hub.session.session))].join(" or ");
  throw new EigenwatchError({ action: "find session", value: name ?? "", expected, kind: "notFound" });
}
