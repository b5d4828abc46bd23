/**
 * /api/ingest/GROUP: samples that programs push.
 *
 *   POST   rows, in a form that the content type names ─► pushSamples ─► 200 when they are durable
 *   GET    ?source= ─► the last number of a source that numbers its pushes
 *
 * N1  A push is answered with 200 when all its samples are durable, and with an error when none was taken.
 * N2  A repeat, by `sequence` or `Idempotency-Key`, is answered as the first time, with the header `idempotent-replayed`.
 * N3  Pushes that are sent ahead on one connection are taken in their order, though a body is read while others are.
 * N4  Text is a content type that a form of another site may send too: the request guard (Host, Origin) keeps those out, as for all requests.
 */
import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import { boundedGunzip, type RowFormat, readRows, systemClock } from "../../actors/mod.ts";
import { expectedAmong } from "../../protocol/closest-name.ts";
import type { Push } from "../../protocol/commands.ts";
import type { PushedSamples } from "../../protocol/controls.ts";
import { EigenwatchError, LimitExceeded, show } from "../../protocol/errors.ts";
import { isName } from "../../protocol/fields.ts";
import { MAX_NAME_BYTES } from "../../protocol/limits.ts";
import { isVisible } from "../../protocol/visible-text.ts";
import { authorOf } from "./auth.ts";
import { chooseHub, type GatewayContext, type Route } from "./gateway-context.ts";
import { gatherWrites } from "./gathered-writes.ts";
import { HttpError } from "./http-error.ts";
import type { GatewayLimits } from "./limits.ts";
import { type Counters, countUp } from "./metrics.ts";
import { mediaType, type RequestContext, readBytes, signedIn, wholeParameter } from "./request.ts";
import { PUSH_PATH } from "./request-guard.ts";
import { respondJson } from "./response.ts";

const FORMATS: Readonly<Record<string, RowFormat>> = {
  "application/json": "json",
  "application/x-ndjson": "ndjson",
  "application/ndjson": "ndjson",
  "application/msgpack": "msgpack",
  "application/vnd.msgpack": "msgpack",
  "application/x-msgpack": "msgpack",
  "text/plain": "lines",
};

const TYPES = Object.keys(FORMATS);

const REPEATED = { "idempotent-replayed": "true" } as const;

export function ingestRoute(gateway: GatewayContext): Route {
  const lines = new WeakMap<Socket, Line>();
  return {
    methods: ["GET", "HEAD", "POST"],
    answer: (context) =>
      context.request.method === "POST" ? push(context, gateway, lines) : place(context, gateway),
  };
}

type Lines = WeakMap<Socket, Line>;

async function push(context: RequestContext, gateway: GatewayContext, lines: Lines): Promise<void> {
  const { request, response } = context;
  const { counters } = gateway;
  try {
    const answer = await take(context, gateway, lines);
    const { repeated } = answer;
    count(counters, answer);
    if (response.destroyed) return;
    // Undefined is left out of JSON: the header says it.
    respondJson(request, response, { ...answer, repeated: undefined }, repeated ? REPEATED : undefined);
  } catch (error) {
    countUp(counters.pushesRefused, error instanceof EigenwatchError ? error.kind : "failed");
    throw error;
  }
}

async function take(context: RequestContext, gateway: GatewayContext, lines: Lines): Promise<PushedSamples> {
  const { request } = context;
  const { session } = chooseHub(gateway.hubs, context);
  // A session that takes none is reported before any fault of the push.
  session.commands.handlerOf("pushSamples");
  const line = lineOf(request.socket, lines);
  const at = line.enter();
  try {
    const body = await readPush(context, gateway);
    if (!line.isNext(at)) await line.turnOf(at);
    const author = authorOf(signedIn(context), context.address);
    // Nobody waits here: the next one is taken when this is handed over, and not only when it is durable.
    return session.commands.carryOut({ name: "pushSamples", body }, author, TO_ITS_END);
  } finally {
    line.leave(at);
  }
}

function lineOf(socket: Socket, lines: Lines): Line {
  const known = lines.get(socket);
  if (known !== undefined) return known;
  const line = new Line();
  lines.set(socket, line);
  gatherWrites(socket);
  return line;
}

async function place(context: RequestContext, { hubs }: GatewayContext): Promise<void> {
  const { request, response } = context;
  const { session } = chooseHub(hubs, context);
  const author = authorOf(signedIn(context), context.address);
  const command = { name: "readPushed", body: placeIn(context) } as const;
  const answer = await session.commands.carryOut(command, author, TO_ITS_END);
  respondJson(request, response, answer);
}

/** The pushes of one connection, which are taken in the order in which they came (N3). */
class Line {
  #entered = 0;
  /** The place that is taken next. */
  #next = 0;
  /** By place: who waits for its turn, and null for who has left before it. */
  readonly #waiting = new Map<number, (() => void) | null>();

  /** Whoever enters leaves. */
  enter(): number {
    return this.#entered++;
  }

  isNext(place: number): boolean {
    return place === this.#next;
  }

  turnOf(place: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(place, resolve));
  }

  leave(place: number): void {
    if (place !== this.#next) {
      this.#waiting.set(place, null);
      return;
    }
    let waiting: (() => void) | null | undefined;
    do {
      this.#next++;
      waiting = this.#waiting.get(this.#next);
      if (waiting !== undefined) this.#waiting.delete(this.#next);
    } while (waiting === null);
    waiting?.();
  }
}

/** What was begun is carried out though its sender may leave: it will push again, and that is a repeat. One signal for all, to which many may listen. */
const TO_ITS_END = new AbortController().signal;
setMaxListeners(0, TO_ITS_END);

/** Rows are checked as they are read, so the body of the command is not checked again. */
async function readPush(context: RequestContext, { limits }: GatewayContext): Promise<Push> {
  const { request } = context;
  const at = placeIn(context);
  const number = numberIn(context);
  const sent = await readBytes(request, limits, TYPES, "ingestBytesMax");
  const encoding = request.headers["content-encoding"] ?? "identity";
  const body = encoding === "identity" ? sent : await inflated(encoding, sent, limits);
  try {
    return { ...at, ...number, rows: readRows(body, systemClock.nowUs(), FORMATS[mediaType(request)]) };
  } catch (error) {
    if (!(error instanceof LimitExceeded)) throw error;
    const { action, value, expected } = error;
    throw new HttpError(413, { action, value, expected, kind: "limit" });
  }
}

/** The body as it was before it was sent, within the same limit. */
async function inflated(encoding: string, body: Buffer, limits: GatewayLimits): Promise<Buffer> {
  if (encoding !== "gzip") throw refused(415, `content-encoding ${show(encoding)}`, "gzip, or none");
  const whole = await boundedGunzip(body, limits.ingestBytesMax).catch((error: Error) => {
    throw refused(400, error.message, "a body in gzip");
  });
  if (whole !== null) return whole;
  const { ingestBytesMax } = limits;
  throw refused(
    413,
    `more than ${ingestBytesMax} bytes when inflated`,
    `at most ${ingestBytesMax} (ingestBytesMax)`,
  );
}

function refused(status: number, value: string, expected: string): HttpError {
  return new HttpError(status, {
    action: "read body",
    value,
    expected,
    kind: status === 413 ? "limit" : "input",
  });
}

const PARAMETERS = ["source", "sequence", "session", "partition"];

/**
 * Of the group in the path, and of the source that is given, else of one with the name of the group. Throws for a parameter that is none: with
 * a misspelt number each repeat would count.
 */
function placeIn({ path, query }: RequestContext): { readonly group: string; readonly source: string } {
  for (const name of query.keys())
    if (!PARAMETERS.includes(name))
      throw new EigenwatchError({
        action: `read parameter ${show(name)}`,
        value: "there is none of this name",
        expected: expectedAmong(name, PARAMETERS),
      });
  const written = path.slice(PUSH_PATH.length);
  const group = written.includes("%") ? unescaped(written) : written;
  return { group, source: query.get("source") ?? group };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new EigenwatchError({
      action: "push samples",
      value: `group ${show(text)}`,
      expected: "a name in UTF-8, percent-encoded",
      kind: "input",
    });
  }
}

/** By which a repeat is known. */
function numberIn({ request, query }: RequestContext): Pick<Push, "sequence" | "key"> {
  const sequence = wholeParameter(query, "sequence", 0, 1, Number.MAX_SAFE_INTEGER);
  const key = request.headers["idempotency-key"];
  if (key === undefined) return sequence === 0 ? {} : { sequence };
  const wrong =
    sequence > 0
      ? { value: "both sequence and Idempotency-Key", expected: "one of them" }
      : typeof key !== "string" || !isName(key) || !isVisible(key)
        ? { value: "the Idempotency-Key", expected: `1 to ${MAX_NAME_BYTES} bytes of visible text` }
        : null;
  if (wrong !== null) throw new EigenwatchError({ action: "push samples", ...wrong });
  return { key: String(key) };
}

function count(counters: Counters, { rows, accepted, repeated }: PushedSamples): void {
  counters.pushes[repeated ? "repeated" : "taken"]++;
  if (repeated) return;
  counters.pushedRows += rows;
  counters.pushedSamples += accepted;
}
