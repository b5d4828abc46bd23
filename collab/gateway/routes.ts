/** Every path of the gateway but the page's files and /ws, one row: methods and what answers. */
import type { LiveSession } from "../../actors/ports/session.ts";
import { controlRoutes } from "./control-routes.ts";
import { EventStream } from "./event-stream.ts";
import { HttpError } from "./http-error.ts";
import { login, logout } from "./login.ts";
import { pollEvents } from "./polling.ts";
import { gaugeMetrics, PROMETHEUS_TYPE, prometheusText } from "./prometheus.ts";
import type { RequestContext } from "./request-context.ts";
import { respond, respondJson, startStream } from "./respond.ts";
import { chooseHub, type GatewayParts, type Route } from "./route.ts";
import type { SessionHub } from "./session-hub.ts";

/** Answered without sign-in: one says only that the process is alive, the other is the sign-in. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(["/healthz", "/api/login"]);

export function routes(parts: GatewayParts): Map<string, Route> {
  const { hubs, auth, limits, nowMs } = parts;
  const describe = (hub: SessionHub) => describeSession(hub, parts);
  const read = (answer: Route["answer"]): Route => ({ methods: ["GET", "HEAD"], answer });
  const write = (answer: Route["answer"]): Route => ({ methods: ["POST"], answer });
  return new Map([
    ["/healthz", read(({ request, response }) => respondJson(request, response, { alive: true }))],
    ["/readyz", read((exchange) => ready(exchange, hubs))],
    ["/metrics", read((exchange) => metrics(exchange, parts))],
    ["/events", read((exchange) => events(exchange, parts))],
    [
      "/api/sessions",
      read(({ request, response }) => respondJson(request, response, { sessions: hubs.map(describe) })),
    ],
    ["/api/channels", read((exchange) => channels(exchange, hubs))],
    ["/api/events", read((exchange) => pollEvents(exchange, chooseHub(hubs, exchange.query), limits))],
    ["/api/login", write((exchange) => login(exchange, auth, limits, nowMs()))],
    ["/api/logout", write((exchange) => logout(exchange, auth))],
    ...controlRoutes(parts),
  ]);
}

/** 503 with the reason as long as a session cannot take inputs. */
function ready({ request, response }: RequestContext, hubs: readonly SessionHub[]): void {
  for (const { session } of hubs) {
    const reason = session.notReady();
    if (reason !== null)
      throw new HttpError(
        503,
        `call session ${session.session} ready`,
        reason,
        "a session that takes inputs",
      );
  }
  respondJson(request, response, { ready: true });
}

function metrics({ request, response }: RequestContext, { hubs, counters, connections }: GatewayParts): void {
  const gauges = hubs.map(({ session }) => ({ session: session.session, gauges: session.gauges() }));
  const text = prometheusText([...gaugeMetrics(gauges), ...counters.metrics(connections)]);
  respond(request, response, 200, { "content-type": PROMETHEUS_TYPE }, text);
}

function channels({ request, response, query }: RequestContext, hubs: readonly SessionHub[]): void {
  const { session } = chooseHub(hubs, query);
  respondJson(request, response, {
    session: session.session,
    groups: session.groups().map(({ type: _, ...group }) => group),
  });
}

function events(
  exchange: RequestContext,
  { hubs, auth, limits, counters, connections, streams, nowMs }: GatewayParts,
): void {
  const hub = chooseHub(hubs, exchange.query);
  if (exchange.request.method === "HEAD") {
    startStream(exchange.response, "text/event-stream; charset=utf-8");
    exchange.response.end();
    return;
  }
  const leave = connections.enter("sse", exchange.address);
  try {
    const stillSignedIn = (): boolean => auth.lasts(exchange.identity, nowMs());
    const left = (): void => {
      streams.delete(stream);
      leave();
    };
    const stream = new EventStream(exchange, { hub, limits, counters, stillSignedIn, left });
    streams.add(stream);
  } catch (error) {
    leave();
    throw error;
  }
}

function describeSession(
  { session }: SessionHub,
  { controls }: GatewayParts,
): ReturnType<LiveSession["describe"]> & { ready: boolean; controls: string[] } {
  const ready = session.notReady() === null;
  return { ...session.describe(), ready, controls: Object.keys(controls[session.session] ?? {}) };
}
