/** Every path of the gateway except the page's files and /ws, one row: its methods and what answers it. */
import * as v from "valibot";
import { EigenwatchError } from "../../protocol/errors.ts";
import { includesRole, rolesFrom } from "../../protocol/principal.ts";
import { commandRoutes, controlsOf, refusedOf } from "./command-routes.ts";
import { pollEvents, streamEvents } from "./event-routes.ts";
import { chooseHub, type GatewayContext, hubsOf, hubsOfSession, type Route } from "./gateway-context.ts";
import { grantRoutes } from "./grant-routes.ts";
import { HistoryRoute } from "./history-route.ts";
import { ingestRoute } from "./ingest-route.ts";
import { MessageRoutes } from "./message-routes.ts";
import { gaugeMetrics, PROMETHEUS_TYPE, prometheusText, scanMetrics } from "./metrics.ts";
import { pushRoutes } from "./push-routes.ts";
import { checkSeesRecordings, maySeeRecordings, type RecordingShelf } from "./recording-shelf.ts";
import { type RequestContext, readJson, signedIn } from "./request.ts";
import { PUSH_PATH } from "./request-guard.ts";
import { respond, respondJson } from "./response.ts";
import { scanRoutes } from "./scan-routes.ts";
import type { SessionHub } from "./session-hub.ts";

/** Answered without signing in: one says only that the process is alive, the others are the ways to sign in. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(["/healthz", "/api/login", "/api/invites/redeem"]);

export function routes(gateway: GatewayContext): Map<string, Route> {
  const { hubs } = gateway;
  const history = new HistoryRoute(gateway);
  const messages = new MessageRoutes(gateway);
  const get = (answer: Route["answer"]): Route => ({ methods: ["GET", "HEAD"], answer });
  const post = (answer: Route["answer"]): Route => ({ methods: ["POST"], answer });
  return new Map([
    ["/healthz", get(({ request, response }) => respondJson(request, response, { alive: true }))],
    ["/readyz", get((context) => ready(context, hubsOf(hubs, context)))],
    ["/metrics", get((context) => metrics(context, gateway))],
    ["/events", get((context) => streamEvents(context, gateway))],
    ["/api/events", get((context) => pollEvents(context, chooseHub(hubs, context), gateway))],
    ["/api/sessions", get((context) => sessions(context, gateway))],
    ["/api/history", get((context) => history.answer(context))],
    ["/api/messages", { methods: ["GET", "HEAD", "POST"], answer: (context) => messages.answer(context) }],
    [`${PUSH_PATH}*`, ingestRoute(gateway)],
    ["/api/usual", get((context) => usual(context, hubs))],
    ["/api/channels", get((context) => channels(context, hubs))],
    ["/api/login", post((context) => login(context, gateway))],
    ["/api/logout", post((context) => logout(context, gateway))],
    ...grantRoutes(gateway),
    ...commandRoutes(gateway),
    ...(gateway.push === null ? [] : pushRoutes(gateway, gateway.push)),
    ...(gateway.scans === null ? [] : scanRoutes(gateway, gateway.scans)),
    ...recordingRoutes(gateway),
  ]);
}

/** 503 with the reason while a session cannot take inputs. */
function ready({ request, response }: RequestContext, hubs: readonly SessionHub[]): void {
  for (const { session } of hubs) {
    const reason = session.notReady();
    if (reason === null) continue;
    throw new EigenwatchError({
      action: `call session ${session.session} ready`,
      value: reason,
      expected: "a session that takes inputs",
      kind: "unavailable",
    });
  }
  respondJson(request, response, { ready: true });
}

function metrics(
  context: RequestContext,
  { hubs, counters, connections, sockets, scans }: GatewayContext,
): void {
  const { request, response } = context;
  const gauges = hubsOf(hubs, context).map((hub) => {
    const { session, partition } = hub.session;
    const several = hubsOfSession(hubs, session).length > 1;
    return { session, ...(several ? { partition } : {}), gauges: hub.session.gauges() };
  });
  const decimated = hubs.reduce((sum, { decimations }) => sum + decimations.samplesAdded, 0);
  const own = counters.metrics(connections, sockets, decimated);
  const counts = scans?.counts() ?? null;
  const text = prometheusText([
    ...gaugeMetrics(gauges),
    ...own,
    ...(counts === null ? [] : scanMetrics(counts)),
  ]);
  respond(request, response, 200, { "content-type": PROMETHEUS_TYPE }, text);
}

function recordingRoutes({ recordings }: GatewayContext): [string, Route][] {
  if (recordings === null) return [];
  return [
    [
      "/api/recordings",
      { methods: ["GET", "HEAD"], answer: (context) => listRecordings(context, recordings) },
    ],
  ];
}

async function listRecordings(context: RequestContext, shelf: RecordingShelf): Promise<void> {
  checkSeesRecordings(context, "list recordings");
  respondJson(context.request, context.response, await shelf.list());
}

function sessions(context: RequestContext, gateway: GatewayContext): void {
  const { hubs, upgrades, scans, push, recordings, live } = gateway;
  const { request, response } = context;
  const { role } = signedIn(context).principal;
  const hasScans = scans !== null && scans.listUniverses().length > 0;
  const hasRecordings = recordings !== null && maySeeRecordings(context);
  const maySet = includesRole(role, "editor");
  const described = hubsOf(hubs, context).map(({ session }) => ({
    ...session.describe(),
    ready: session.notReady() === null,
    controls: [
      ...controlsOf(session),
      ...(hasScans ? ["scan"] : []),
      ...(hasRecordings ? ["recordings"] : []),
    ],
    refused: { ...refusedOf(session, role), ...(hasScans && !maySet ? { scan: rolesFrom("editor") } : {}) },
    // Relative, as all addresses of the page: a proxy may put a path before them.
    ...(push === null ? {} : { push: push.publicKey }),
    ...(live === null ? {} : { live }),
    sockets: upgrades.map(({ prefix }) => `${prefix.slice(1)}${encodeURIComponent(session.session)}`),
  }));
  respondJson(request, response, { sessions: described });
}

/** Of all partitions, unless the request names one. */
function channels(context: RequestContext, hubs: readonly SessionHub[]): void {
  const { request, response, query } = context;
  const chosen = query.has("partition")
    ? [chooseHub(hubs, context)]
    : hubsOfSession(hubsOf(hubs, context), query.get("session"));
  respondJson(request, response, {
    session: chosen[0]!.session.session,
    groups: chosen.flatMap(({ session }) => session.groups().map(({ type: _, ...group }) => group)),
  });
}

/** In which range each channel usually is. Of all partitions, unless the request names one. */
async function usual(context: RequestContext, hubs: readonly SessionHub[]): Promise<void> {
  const { request, response, query } = context;
  const chosen = query.has("partition")
    ? [chooseHub(hubs, context)]
    : hubsOfSession(hubsOf(hubs, context), query.get("session"));
  const groups = await Promise.all(chosen.map(({ session }) => session.usual?.() ?? []));
  respondJson(request, response, { groups: groups.flat() });
}

const credentials = v.object({ token: v.pipe(v.string(), v.nonEmpty()) });

/** {"token"} → a cookie. */
async function login(context: RequestContext, { auth, limits, nowMs }: GatewayContext): Promise<void> {
  const { request, response, address, secure, cookiePath } = context;
  const body = v.safeParse(credentials, await readJson(request, limits, "bodyBytesMax"));
  // The body is not echoed: it may hold the token.
  if (!body.success)
    throw new EigenwatchError({
      action: "sign in",
      value: "a body of another shape",
      expected: '{"token": "…"}',
    });
  const cookie = auth.login(body.output.token, address, { path: cookiePath, secure }, nowMs());
  respond(request, response, 204, cookie === null ? {} : { "set-cookie": cookie }, "");
}

/** Ends the login of the cookie. */
async function logout(context: RequestContext, { auth }: GatewayContext): Promise<void> {
  const { request, response, identity, secure, cookiePath } = context;
  const cookie = await auth.logout(identity, { path: cookiePath, secure });
  respond(request, response, 204, { "set-cookie": cookie }, "");
}
