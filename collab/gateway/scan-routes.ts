/**
 * Scans over HTTP. All results are also at WS /ws/results/{scan_id} (scan-sockets.ts).
 *
 *   POST /scan/stream               → {scan_id, websocket_url, sse_url, stats_url}; with ?wait=1 the whole answer at the end
 *   POST /scan/check                {rule} → which functions it asks for, or where it cannot be read
 *   GET  /scan/results/{scan_id}    ?after=N → {results, problems, next, complete}
 *   GET  /events/results/{scan_id}  the same as Server-Sent Events, with ids for Last-Event-ID
 *   GET  /scan/stats/{scan_id}      POST /scan/stop|pause|resume/{scan_id}      DELETE /scan/{scan_id}
 *   GET  /scans   /scans/active   /scan/universes
 *   GET  /scan/functions           what a rule can ask for
 *   GET  /scan/chart                ?universe=NAME&symbol=S&rule=R → latest rows with what the rule computes
 *   POST /scan/sparks               {universe, symbols} → latest closes
 *   GET  /scan/order                ?universe=NAME → what the learned order knows      DELETE: it begins anew
 *
 * S1  Viewers read; editors start, pause, stop and remove.
 */
import * as v from "valibot";
import type { FollowedScan, ScanDesk } from "../../actors/mod.ts";
import { parseRule, RULE_VOCABULARY, RuleError, SCAN_LIMITS } from "../../actors/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { includesRole, rolesFrom } from "../../protocol/principal.ts";
import { authorOf } from "./auth.ts";
import type { GatewayContext, Route } from "./gateway-context.ts";
import { type RequestContext, readJson, signedIn, wholeParameter } from "./request.ts";
import { respondJson } from "./response.ts";
import { messageBody, readOrder, scanBody, statsBody } from "./scan-bodies.ts";
import { ScanFeed } from "./scan-feed.ts";
import { ScanStream } from "./scan-stream.ts";

/** Paths that end with "/*" have a parameter in place of it. */
export function scanRoutes(gateway: GatewayContext, scans: ScanDesk): [string, Route][] {
  const get = (answer: Route["answer"]): Route => ({ methods: ["GET", "HEAD"], answer });
  const edit = (method: string, answer: Route["answer"]): Route => ({
    methods: [method],
    answer(context) {
      requireEditor(context);
      return answer(context);
    },
  });
  const act = (does: (id: string) => Promise<void>): Route =>
    edit("POST", async (context) => {
      const served = scans.get(idOf(context));
      await does(served.id);
      respondJson(context.request, context.response, {
        scan_id: served.id,
        ...statsBody(served.scan.stats()),
      });
    });
  return [
    ["/scan/stream", edit("POST", (context) => start(context, gateway, scans))],
    ["/scan/check", { methods: ["POST"], answer: (context) => check(context, gateway) }],
    ["/scan/results/*", get((context) => poll(context, gateway, scans))],
    ["/events/results/*", get((context) => stream(context, gateway, scans))],
    [
      "/scan/stats/*",
      get((context) =>
        respondJson(context.request, context.response, statsBody(touched(context, scans).scan.stats())),
      ),
    ],
    ["/scan/stop/*", act((id) => scans.stop(id))],
    ["/scan/pause/*", act((id) => scans.pause(id))],
    ["/scan/resume/*", act((id) => scans.resume(id))],
    [
      "/scan/functions",
      get(({ request, response }) => respondJson(request, response, { functions: RULE_VOCABULARY })),
    ],
    ["/scan/chart", get((context) => chart(context, scans))],
    ["/scan/sparks", { methods: ["POST"], answer: (context) => sparks(context, gateway, scans) }],
    [
      "/scan/order",
      {
        methods: ["GET", "HEAD", "DELETE"],
        answer(context) {
          const { request, response, query } = context;
          const universe = query.get("universe") ?? undefined;
          if (request.method === "DELETE") {
            requireEditor(context);
            scans.resetOrder(universe);
          }
          respondJson(request, response, scans.order(universe));
        },
      },
    ],
    [
      "/scan/*",
      edit("DELETE", async (context) => {
        const { id } = scans.get(idOf(context));
        await scans.remove(id);
        respondJson(context.request, context.response, { scan_id: id, removed: true });
      }),
    ],
    [
      "/scans",
      get(({ request, response }) => respondJson(request, response, { scans: scans.list().map(scanBody) })),
    ],
    [
      "/scans/active",
      get(({ request, response }) =>
        respondJson(request, response, {
          scans: scans
            .list()
            .filter(({ scan }) => !scan.isOver)
            .map(scanBody),
        }),
      ),
    ],
    [
      "/scan/universes",
      get(({ request, response }) => respondJson(request, response, { universes: scans.listUniverses() })),
    ],
  ];
}

export function requireEditor(context: Parameters<typeof signedIn>[0]): void {
  const { role } = signedIn(context).principal;
  if (includesRole(role, "editor")) return;
  throw new EigenwatchError({
    action: "change scans",
    value: `a ${role} may not`,
    expected: rolesFrom("editor"),
    kind: "denied",
  });
}

async function start(context: RequestContext, { limits }: GatewayContext, scans: ScanDesk): Promise<void> {
  const { request, response, query, address } = context;
  const order = readOrder(await readJson(request, limits, "controlBytesMax"));
  const { author } = authorOf(signedIn(context), address);
  const served = await scans.start(order, author);
  const { id } = served;
  if (query.get("wait") === "1") return answerAtEnd(context, served);
  // Relative, as all addresses: a proxy may put a path before them.
  respondJson(request, response, {
    scan_id: id,
    websocket_url: `ws/results/${id}`,
    sse_url: `events/results/${id}`,
    stats_url: `scan/stats/${id}`,
  });
}

async function answerAtEnd({ request, response }: RequestContext, served: FollowedScan): Promise<void> {
  await new Promise<void>((resolve) => {
    const feed = new ScanFeed(served, 0, { take: () => true, over: resolve });
    response.once("close", () => {
      feed.stop();
      resolve();
    });
  });
  if (response.destroyed) return;
  const { scan, id } = served;
  respondJson(request, response, {
    scan_id: id,
    results: scan.ranked(),
    problems: scan.problems,
    stats: statsBody(scan.stats()),
  });
}

async function chart({ request, response, query }: RequestContext, scans: ScanDesk): Promise<void> {
  const [symbol, rule] = [query.get("symbol") ?? "", query.get("rule") ?? "close"];
  respondJson(request, response, await scans.chart(query.get("universe") ?? undefined, symbol, rule));
}

const sparksBody = v.strictObject({
  universe: v.optional(v.string()),
  symbols: v.pipe(v.array(v.string()), v.maxLength(SCAN_LIMITS.scanSparksMax)),
});

async function sparks(
  { request, response }: RequestContext,
  { limits }: GatewayContext,
  scans: ScanDesk,
): Promise<void> {
  const body = v.safeParse(sparksBody, await readJson(request, limits, "controlBytesMax"));
  if (!body.success)
    throw new EigenwatchError({
      action: "read closes",
      value: "a body of another shape",
      expected: `{"universe": NAME, "symbols": […]} with at most ${SCAN_LIMITS.scanSparksMax} (scanSparksMax)`,
    });
  const { universe, symbols } = body.output;
  respondJson(request, response, { sparks: await scans.sparks(universe, symbols) });
}

const ruleBody = v.strictObject({ rule: v.string() });

async function check({ request, response }: RequestContext, { limits }: GatewayContext): Promise<void> {
  const body = v.safeParse(ruleBody, await readJson(request, limits, "controlBytesMax"));
  if (!body.success)
    throw new EigenwatchError({
      action: "check a rule",
      value: "a body of another shape",
      expected: '{"rule": "…"}',
    });
  try {
    const { explained } = parseRule(body.output.rule);
    respondJson(request, response, { valid: true, values: explained.map(({ text }) => text) });
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    const { column, length, value, expected } = error;
    respondJson(request, response, { valid: false, column, length, value, expected });
  }
}

/** The answer's cursor `next` is `after` of the next request; `complete`: nothing follows. */
function poll(context: RequestContext, { limits }: GatewayContext, scans: ScanDesk): void {
  const { request, response, query } = context;
  const { scan } = touched(context, scans);
  const after = wholeParameter(query, "after", 0, 0, Number.MAX_SAFE_INTEGER);
  const limit = wholeParameter(query, "limit", limits.scanResultsMax, 1, limits.scanResultsMax);
  const messages = scan.messagesAfter(after, limit);
  const last = messages.at(-1);
  const complete = scan.isOver && (last === undefined || last.type === "complete");
  respondJson(request, response, {
    results: messages.flatMap((each) => (each.type === "result" ? [each.data] : [])),
    problems: messages.flatMap((each) => (each.type === "error" ? [each.data] : [])),
    next: after + messages.length,
    complete,
  });
}

function stream(context: RequestContext, gateway: GatewayContext, scans: ScanDesk): void {
  new ScanStream(context, gateway, scans.get(idOf(context)), messageBody);
}

function touched(context: RequestContext, scans: ScanDesk): FollowedScan {
  const served = scans.get(idOf(context));
  served.touch();
  return served;
}

export function idOf({ path }: { readonly path: string }): string {
  const text = path.slice(path.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(text);
  } catch {
    // It is the id of no scan.
    return text;
  }
}
