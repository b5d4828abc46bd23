/**
 * What people may do to a session: play a recorded one, disturb a live one, change its settings, ask what would have happened.
 *
 * K1  Whoever may look may do these; the checks at the door (Host, Origin, sign-in) and the JSON type keep other pages out.
 * K2  A request of another shape, or one that cannot be carried out, is answered by what was met and what is expected; nothing happened.
 * K3  What enters the log carries who asked.
 */
import * as v from "valibot";
import type { SessionControls } from "../../actors/ports/controls.ts";
import { readJson } from "./body.ts";
import { authorOf, carriedOut, parsed } from "./control-request.ts";
import { HttpError } from "./http-error.ts";
import type { RequestContext } from "./request-context.ts";
import { respondJson } from "./respond.ts";
import { chooseHub, type GatewayParts, type Route } from "./route.ts";

const READ = ["GET", "HEAD"] as const;
const WRITE = ["POST"] as const;
const BOTH = ["GET", "HEAD", "POST"] as const;

const finite = v.pipe(v.number(), v.finite("a finite number"));
const speed = v.union([v.pipe(finite, v.gtValue(0)), v.literal("max")]);
const whole = v.pipe(v.number(), v.safeInteger("a whole number"), v.minValue(0));

const replayRequest = v.variant("action", [
  v.strictObject({ action: v.literal("play"), speed: v.optional(speed) }),
  v.strictObject({ action: v.literal("pause") }),
  v.strictObject({ action: v.literal("speed"), speed }),
  v.strictObject({ action: v.literal("seek"), timeUs: v.optional(whole), sequence: v.optional(whole) }),
]);

const settingRequest = v.strictObject({
  path: v.string(),
  value: v.union([v.string(), finite, v.boolean()]),
});

export function controlRoutes(parts: GatewayParts): [string, Route][] {
  return [
    ["/api/replay", { methods: BOTH, answer: (exchange) => replay(exchange, parts) }],
    ["/api/replay/marks", { methods: READ, answer: (exchange) => marks(exchange, parts) }],
    ["/api/scenarios", { methods: READ, answer: (exchange) => scenarios(exchange, parts) }],
    ["/api/inject", { methods: BOTH, answer: (exchange) => inject(exchange, parts) }],
    ["/api/settings", { methods: BOTH, answer: (exchange) => settings(exchange, parts) }],
    ["/api/whatif", { methods: WRITE, answer: (exchange) => whatIf(exchange, parts) }],
  ];
}

async function replay(exchange: RequestContext, parts: GatewayParts): Promise<void> {
  const controls = controlsOf(exchange, parts, "replay", "a recorded session (replay --follow)");
  const { request, response } = exchange;
  if (request.method === "POST") {
    const wish = parsed(replayRequest, await readJson(request, parts.limits, "controlBytesMax"), "replay");
    await carriedOut(async () => {
      switch (wish.action) {
        case "play":
          if (wish.speed !== undefined) await controls.setSpeed(wish.speed);
          return controls.play();
        case "pause":
          return controls.pause();
        case "speed":
          return controls.setSpeed(wish.speed);
        default:
          return controls.seek(placeOf(wish));
      }
    });
  }
  respondJson(request, response, controls.status());
}

function placeOf({ timeUs, sequence }: { timeUs?: number | undefined; sequence?: number | undefined }) {
  if (timeUs !== undefined && sequence === undefined) return { timeUs };
  if (sequence !== undefined && timeUs === undefined) return { sequence };
  throw new HttpError(400, "seek", timeUs === undefined ? "no place" : "two places", "timeUs or sequence");
}

function marks(exchange: RequestContext, parts: GatewayParts): void {
  const controls = controlsOf(exchange, parts, "replay", "a recorded session (replay --follow)");
  respondJson(exchange.request, exchange.response, controls.marks());
}

/** The same can be injected into a live session and into a branch. */
function scenarios(exchange: RequestContext, parts: GatewayParts): void {
  const { session } = chooseHub(parts.hubs, exchange.query).session;
  const { inject, whatIf } = parts.controls[session] ?? {};
  const controls = inject ?? whatIf;
  if (controls === undefined)
    throw new HttpError(
      404,
      "list scenarios",
      `session ${session}`,
      "a live session, or one with a recording",
    );
  respondJson(exchange.request, exchange.response, { scenarios: controls.scenarios() });
}

async function inject(exchange: RequestContext, parts: GatewayParts): Promise<void> {
  const controls = controlsOf(exchange, parts, "inject", "a live session");
  const { request, response } = exchange;
  if (request.method !== "POST") return respondJson(request, response, { underWay: controls.underWay() });
  const wish = await readJson(request, parts.limits, "controlBytesMax");
  const started = await carriedOut(() => controls.start(wish, authorOf(exchange)));
  respondJson(request, response, { started });
}

async function settings(exchange: RequestContext, parts: GatewayParts): Promise<void> {
  const controls = controlsOf(exchange, parts, "settings", "a live session");
  const { request, response } = exchange;
  if (request.method === "POST") {
    const body = await readJson(request, parts.limits, "controlBytesMax");
    const { path, value } = parsed(settingRequest, body, "change a setting");
    await carriedOut(() => controls.change(path, value, authorOf(exchange)));
  }
  respondJson(request, response, { settings: controls.current() });
}

/** Sessions in which one is being answered: each takes a core for seconds. */
const busy = new WeakSet<object>();

async function whatIf(exchange: RequestContext, parts: GatewayParts): Promise<void> {
  const controls = controlsOf(exchange, parts, "whatIf", "a session that keeps a recording");
  const wish = await readJson(exchange.request, parts.limits, "controlBytesMax");
  if (busy.has(controls))
    throw new HttpError(409, "ask what if", "another question is being answered", "its end", {
      "retry-after": "1",
    });
  busy.add(controls);
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  exchange.response.once("close", leave);
  try {
    const result = await carriedOut(() => controls.run(wish, gone.signal));
    if (!exchange.response.destroyed) respondJson(exchange.request, exchange.response, result);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    exchange.response.off("close", leave);
    busy.delete(controls);
  }
}

function controlsOf<Name extends keyof SessionControls>(
  { query, path }: RequestContext,
  { hubs, controls }: GatewayParts,
  name: Name,
  expected: string,
): NonNullable<SessionControls[Name]> {
  const { session } = chooseHub(hubs, query).session;
  const found = controls[session]?.[name];
  if (found !== undefined) return found as NonNullable<SessionControls[Name]>;
  throw new HttpError(404, `answer ${path}`, `session ${session}`, expected);
}
