/** One question to a Prometheus server for what an expression was over a time, and the rows that it answers. */
import { shorten } from "../../../protocol/check-body.ts";
import { EigenwatchError, show } from "../../../protocol/errors.ts";
import { boundedText, systemReason } from "../../link/http-answer.ts";
import type { Labels } from "./exposition.ts";
import type { Reading } from "./reading.ts";
import { type Exporter, statusOf } from "./scrape.ts";
import { seriesName, unitOf } from "./series.ts";

export interface Range {
  /** µs, with the rows at `fromUs` + k · `everyUs` up to `untilUs`. */
  readonly fromUs: number;
  readonly untilUs: number;
  readonly everyUs: number;
}

export interface Row {
  readonly timeUs: number;
  readonly readings: Reading[];
}

export interface RangeAnswer {
  /** In the order of their times. */
  readonly rows: readonly Row[];
  /** Values that are none, that are of a time that was not asked for, or that a time has twice. */
  readonly unreadable: number;
}

/** Of an answer. */
export const RANGE_BYTES_MAX = 64 << 20;

/** Of the times of a server. */
const PRECISION_US = 1_000;

/** What the server says to an expression that it cannot read. */
const BAD_REQUEST = 400;

/** Throws an EigenwatchError: "input" for an expression that the server refuses, else "unavailable". */
export async function rangeQuery(
  server: Exporter,
  query: string,
  range: Range,
  signal: AbortSignal,
): Promise<RangeAnswer> {
  const { fromUs, untilUs, everyUs } = range;
  const url = new URL(`${server.url}/api/v1/query_range`);
  const seconds = (us: number): string => (us / 1e6).toFixed(6);
  for (const [key, value] of [
    ["query", query],
    ["start", seconds(fromUs)],
    ["end", seconds(untilUs)],
    ["step", seconds(everyUs)],
  ] as const)
    url.searchParams.set(key, value);
  try {
    return rowsOf(await answered(server, url, signal), query, range);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof EigenwatchError) throw error;
    throw cannot(server, systemReason(error), "an answer");
  }
}

async function answered(server: Exporter, url: URL, signal: AbortSignal): Promise<unknown> {
  const headers = server.token === null ? {} : { authorization: `Bearer ${server.token}` };
  const response = await fetch(url, { headers, signal, redirect: "manual" });
  const { status } = response;
  const text = await boundedText(response.body, RANGE_BYTES_MAX);
  if (text === null)
    throw cannot(server, `more than ${RANGE_BYTES_MAX} bytes`, "fewer series: a narrower expression");
  const answer = parsed(text);
  if (status === 200 && answer.status === "success") return answer.data;
  const reason = answer.error === undefined ? statusOf(response) : shorten(String(answer.error));
  if (status === BAD_REQUEST)
    throw new EigenwatchError({
      action: `ask ${server.url}`,
      value: reason,
      expected: "an expression that it can read",
      kind: "input",
    });
  throw cannot(server, reason, "200 with a matrix");
}

function parsed(text: string): { status?: unknown; data?: unknown; error?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** `query`: the name of what has none. */
function rowsOf(data: unknown, query: string, { fromUs, untilUs }: Range): RangeAnswer {
  const { resultType, result } = (data ?? {}) as { resultType?: unknown; result?: unknown };
  if (resultType !== "matrix" || !Array.isArray(result))
    throw new EigenwatchError({
      action: "read the answer",
      value: `a ${show(resultType)}`,
      expected: "a matrix",
      kind: "unavailable",
    });
  const rows = new Map<number, Row>();
  let unreadable = 0;
  for (const { metric, values } of result as Series[]) {
    const { __name__: name = "", ...labels } = metric ?? {};
    const pairs: Labels = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const channel = seriesName(name, pairs) || query;
    const unit = unitOf(name, { unit: "" });
    let lastUs = Number.NEGATIVE_INFINITY;
    for (const [seconds, text] of values ?? []) {
      const timeUs = Math.round(Number(seconds) * 1e6);
      const value = text === "" ? Number.NaN : Number(String(text).replace("Inf", "Infinity"));
      const wasAsked = timeUs > fromUs - PRECISION_US && timeUs < untilUs + PRECISION_US;
      if (!wasAsked || (Number.isNaN(value) && text !== "NaN") || timeUs <= lastUs) {
        unreadable++;
        continue;
      }
      lastUs = timeUs;
      const row = rows.get(timeUs) ?? { timeUs, readings: [] };
      row.readings.push({ channel, labels: pairs, unit, value });
      rows.set(timeUs, row);
    }
  }
  return { rows: [...rows.values()].sort((a, b) => a.timeUs - b.timeUs), unreadable };
}

interface Series {
  readonly metric?: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [seconds: unknown, text: unknown])[];
}

function cannot({ url }: Exporter, value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: `ask ${url}`, value, expected, kind: "unavailable" });
}
