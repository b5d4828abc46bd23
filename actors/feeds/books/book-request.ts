/** One request for a whole book by HTTP, and what the exchange answers. */
import { EigenwatchError } from "../../../protocol/errors.ts";
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
    throw cannot(url, reasonOf(error));
  });
  const { status, headers, body } = response;
  if (BUSY.includes(status)) {
    await body?.cancel();
    const seconds = Number(headers.get("retry-after") ?? Number.NaN);
    return { is: "busy", forMs: seconds > 0 ? seconds * 1_000 : BUSY_MS };
  }
  const answer = fieldsIn(await textOf(url, body));
  if (response.ok && answer !== null) return { is: "given", answer };
  if (status >= 400 && status < 500 && status !== REQUEST_TIMEOUT) return { is: "refused", status, answer };
  throw cannot(url, `it answers ${status}${answer === null ? " without an object in JSON" : ""}`);
}

async function textOf(url: string, body: ReadableStream<Uint8Array> | null): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    // Leaving the loop ends the request.
    if (bytes > ANSWER_BYTES_MAX) throw cannot(url, `more than ANSWER_BYTES_MAX (${ANSWER_BYTES_MAX}) bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function fieldsIn(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

/** What the system says, which both runtimes put below an error that says nothing. */
function reasonOf(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown };
    if (typeof code === "string") return code;
    if (each.cause === undefined) return each.message;
  }
  return String(error);
}

function cannot(url: string, value: string): EigenwatchError {
  return new EigenwatchError({ action: `read ${url}`, value, expected: "a book", kind: "unavailable" });
}
