/** One request for a whole book by HTTP, and what the exchange answers. */
import { EigenwatchError } from "../../../protocol/errors.ts";
import { boundedText, systemReason } from "../../link/http-answer.ts";
import { type Fields, isFields } from "../exchanges/venue.ts";

export type BookAnswer =
  | { readonly is: "given"; readonly answer: Fields }
  /** Asking again changes nothing. */
  | { readonly is: "refused"; readonly status: number; readonly answer: Fields | null }
  /** Too much was asked for: nothing may be asked for so long. */
  | { readonly is: "busy"; readonly forMs: number };

/** Ten times a thousand levels of both sides. */
const ANSWER_BYTES_MAX = 1 << 20;

/** "Too many requests", and what Binance says to those who go on. */
const BUSY = [429, 418];
/** When it does not say for how long: the limits of exchanges are those of a minute. */
const BUSY_MS = 60_000;
const REQUEST_TIMEOUT = 408;

/** Throws an EigenwatchError when there is no answer, or none that says anything. */
export async function requestBook(url: string, signal: AbortSignal): Promise<BookAnswer> {
  const response = await fetch(url, { signal, redirect: "error" }).catch((error: unknown) => {
    throw cannot(url, systemReason(error));
  });
  const { status, headers, body } = response;
  if (BUSY.includes(status)) {
    await body?.cancel();
    const seconds = Number(headers.get("retry-after") ?? Number.NaN);
    return { is: "busy", forMs: seconds > 0 ? seconds * 1_000 : BUSY_MS };
  }
  const text = await boundedText(body, ANSWER_BYTES_MAX);
  if (text === null) throw cannot(url, `more than ANSWER_BYTES_MAX (${ANSWER_BYTES_MAX}) bytes`);
  const answer = fieldsIn(text);
  if (response.ok && answer !== null) return { is: "given", answer };
  if (status >= 400 && status < 500 && status !== REQUEST_TIMEOUT) return { is: "refused", status, answer };
  throw cannot(url, `it answers ${status}${answer === null ? " without an object in JSON" : ""}`);
}

function fieldsIn(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

function cannot(url: string, value: string): EigenwatchError {
  return new EigenwatchError({ action: `read ${url}`, value, expected: "a book", kind: "unavailable" });
}
