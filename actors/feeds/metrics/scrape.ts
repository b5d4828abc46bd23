/** One request to an exporter, and its answer as text. */
import { EigenwatchError, show } from "../../../protocol/errors.ts";
import { boundedText, systemReason } from "../../link/http-answer.ts";

export interface Exporter {
  readonly url: string;
  /** Sent as a bearer token; null for none. */
  readonly token: string | null;
}

/** A hundred times the answer of a large exporter, which has a hundred bytes for a series. */
export const SCRAPE_BYTES_MAX = 64 << 20;

const ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/** Throws an EigenwatchError that says what the exporter did; the reason of the signal when it is aborted. */
export async function scrape(exporter: Exporter, signal: AbortSignal): Promise<string> {
  try {
    return await requested(exporter, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof EigenwatchError) throw error;
    throw cannot(exporter.url, systemReason(error), "an answer");
  }
}

async function requested({ url, token }: Exporter, signal: AbortSignal): Promise<string> {
  const headers = { accept: ACCEPT, ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
  // Another place than the one that the spec names is not read unsaid.
  const response = await fetch(url, { headers, signal, redirect: "manual" });
  if (response.ok && response.body !== null) {
    const text = await boundedText(response.body, SCRAPE_BYTES_MAX);
    if (text !== null) return text;
    throw cannot(
      url,
      `more than ${SCRAPE_BYTES_MAX} bytes`,
      `at most SCRAPE_BYTES_MAX (${SCRAPE_BYTES_MAX})`,
    );
  }
  await response.body?.cancel();
  throw cannot(url, statusOf(response), "200 with metrics");
}

/** "it answers 302 to https://…". */
export function statusOf({ status, headers }: Response): string {
  const to = headers.get("location");
  return `it answers ${status}${to === null ? "" : ` to ${show(to)}`}`;
}

function cannot(url: string, value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: `scrape ${url}`, value, expected, kind: "unavailable" });
}
