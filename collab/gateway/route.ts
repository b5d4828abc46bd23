/** A path's answer, what answers are given to work with, and the session that a request means. */
import type { SessionControls } from "../../actors/ports/controls.ts";
import type { Auth } from "./auth.ts";
import type { ConnectionCount } from "./connection-count.ts";
import type { Counters } from "./counters.ts";
import type { EventStream } from "./event-stream.ts";
import { HttpError } from "./http-error.ts";
import type { GatewayLimits } from "./limits.ts";
import type { RequestContext } from "./request-context.ts";
import type { SessionHub } from "./session-hub.ts";

export interface Route {
  readonly methods: readonly string[];
  readonly answer: (exchange: RequestContext) => void | Promise<void>;
}

/** What answers need. */
export interface GatewayParts {
  readonly hubs: readonly SessionHub[];
  readonly controls: Readonly<Record<string, SessionControls>>;
  readonly auth: Auth;
  readonly connections: ConnectionCount;
  readonly counters: Counters;
  readonly limits: GatewayLimits;
  readonly nowMs: () => number;
  /** Program and version of the gateway. */
  readonly server: string;
  readonly streams: Set<EventStream>;
}

/** The hub of `?session=`, or the first. Throws a HttpError (404) that names the sessions there are. */
export function chooseHub(hubs: readonly SessionHub[], query: URLSearchParams): SessionHub {
  const name = query.get("session");
  const hub = name === null ? hubs[0] : hubs.find(({ session }) => session.session === name);
  if (hub !== undefined) return hub;
  throw new HttpError(404, "find session", name, hubs.map(({ session }) => session.session).join(" or "));
}
