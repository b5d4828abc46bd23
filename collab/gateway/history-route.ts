/**
 * GET /api/history?from=US&to=US&columns=N: what a page needs of the past of a partition, in one answer.
 *
 *   subscribed (id 0)   `after`: the last input whose samples are in the answer; live samples after it continue without a gap or an overlap. Where a
 *                       recording goes to a place, that is the last input before the place: some that are still to be delivered are in the answer
 *   decimated (id 0)    samples of each group, in about N intervals
 *   measures            of the published states, in about N intervals
 *   state               the last one of each group at or before `to` that is known
 *
 * `only=measures` leaves the samples out: a page asks for an hour of measures to know what is usual; `without=NAME,…` leaves out measures that
 * nobody looks at over time; `fine=GROUP/CHANNEL`, once for each, says which channels are looked at closely: those of all others come in intervals
 * COARSE_INTERVALS times as long, in messages of their own. `complete` is false while the log is
 * still being read: ask again. The body is these messages, packed (protocol/packed-messages.ts). Without `to` the range ends with the last
 * delivery, without `from` it is a minute long.
 */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { GroupPast } from "../../actors/ports/session.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { COARSE_INTERVALS } from "../../protocol/interval-rows.ts";
import { packMessages } from "../../protocol/packed-messages.ts";
import { chooseHub, type GatewayContext } from "./gateway-context.ts";
import { HttpError } from "./http-error.ts";
import type { GatewayLimits } from "./limits.ts";
import { RateLimit } from "./rate-limit.ts";
import { type RequestContext, wholeParameter } from "./request.ts";
import { respond, whileWaited } from "./response.ts";
import type { SessionHub } from "./session-hub.ts";

/** What a page shows at first, µs. */
const RANGE_US = 60_000_000;

/** The fastest level: it halves an answer in ten milliseconds, off this thread. */
const GZIP = { level: 1, memLevel: 9 } as const;

const TYPE = "application/octet-stream";

export class HistoryRoute {
  readonly #gateway: GatewayContext;
  readonly #work: RateLimit;

  constructor(gateway: GatewayContext) {
    const { historyBurst, historyPerSecond, addressesMax } = gateway.limits;
    this.#gateway = gateway;
    this.#work = new RateLimit(historyBurst, historyPerSecond, addressesMax);
  }

  answer(context: RequestContext): Promise<void> {
    return whileWaited(context.response, (gone) => this.#answer(context, gone));
  }

  async #answer(context: RequestContext, gone: AbortSignal): Promise<void> {
    const { request, response, address } = context;
    const { hubs, limits, nowMs } = this.#gateway;
    const hub = chooseHub(hubs, context);
    const range = rangeOf(context, hub, limits);
    const without = new Set(context.query.get("without")?.split(",") ?? []);
    const fine = context.query.has("fine") ? new Set(context.query.getAll("fine")) : null;
    const budget = this.#work.bucket(address, nowMs());
    if (budget.left <= 0) throw overspent(address, limits);
    const { input, complete, groups, work } = await hub.session.past(range, gone);
    budget.spend(work);
    if (gone.aborted) return;
    const untilUs = range.isOpen ? Number.POSITIVE_INFINITY : range.toUs;
    const states = await Promise.all(groups.map(({ group }) => hub.session.stateBefore(group, untilUs)));
    const head = { type: "subscribed", id: 0, channel: "samples", after: input, complete } as const;
    const body = packMessages([
      encodeMessage(head),
      ...groups.flatMap((past) => [
        ...samplesOf(past, input, fine === null ? null : fineOf(past.group, fine, hub)),
        ...measuresOf(past, without),
      ]),
      ...states.flatMap((state) => (state === null ? [] : [encodeMessage(state)])),
    ]);
    if (!/\bgzip\b/.test(String(request.headers["accept-encoding"] ?? "")))
      respond(request, response, 200, { "content-type": TYPE }, body);
    else {
      const packed = await promisify(gzip)(body, GZIP);
      const headers = { "content-type": TYPE, "content-encoding": "gzip", vary: "accept-encoding" };
      respond(request, response, 200, headers, packed);
    }
  }
}

/** `fine`: 1 for each channel that is to be fine; null: all are. */
function samplesOf({ group, samples }: GroupPast, inputSequence: number, fine: Uint8Array | null) {
  const of = { group, inputSequence };
  if (fine === null) return samples.decimated(0, null, of);
  return [
    ...samples.decimated(0, fine, of),
    ...samples.joined(COARSE_INTERVALS, fine).decimated(0, null, of),
  ];
}

function fineOf(group: string, fine: ReadonlySet<string>, { session }: SessionHub): Uint8Array {
  const { channels = [] } = session.groups().find((each) => each.group === group) ?? {};
  return Uint8Array.from(channels, ({ name }) => (fine.has(`${group}/${name}`) ? 1 : 0));
}

function measuresOf(
  { group, measures: { names, rows } }: GroupPast,
  without: ReadonlySet<string>,
): Uint8Array[] {
  const included = without.size === 0 ? null : Uint8Array.from(names, (name) => (without.has(name) ? 0 : 1));
  return rows.measures(group, names, included);
}

function rangeOf({ query }: RequestContext, { session }: SessionHub, limits: GatewayLimits) {
  const most = Number.MAX_SAFE_INTEGER;
  const toUs = wholeParameter(query, "to", session.describe().timeUs, 0, most);
  const fromUs = wholeParameter(query, "from", Math.max(0, toUs - RANGE_US), 0, most);
  const columns = wholeParameter(query, "columns", limits.historyColumns, 1, limits.historyColumnsMax);
  const only = query.get("only");
  if (only !== null && only !== "measures")
    throw new EigenwatchError({ action: "read the past", value: `only=${only}`, expected: "only=measures" });
  if (fromUs <= toUs)
    return { fromUs, toUs, columns, isOpen: !query.has("to"), onlyMeasures: only === "measures" };
  const expected = `from at or before to (${toUs})`;
  throw new EigenwatchError({ action: "read the past", value: `from ${fromUs}`, expected });
}

function overspent(address: string, { historyPerSecond }: GatewayLimits): HttpError {
  const value = `one more range for ${address}`;
  const expected = `at most ${historyPerSecond} rows and samples a second (historyPerSecond)`;
  return new HttpError(
    429,
    { action: "read the past", value, expected, kind: "limit" },
    { "retry-after": "1" },
  );
}
