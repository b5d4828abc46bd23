/** What servers answer over HTTP: a body within a limit, in time, and why there is none. */
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Clock } from "../ports/clock.ts";

interface Request {
  readonly clock: Clock;
  /** For the whole answer. */
  readonly ms: number;
  /** Ends the request when it aborts. */
  readonly stopping: AbortSignal;
  /** What is asked, after "Cannot" in an error. */
  readonly action: string;
}

/** The answer to `ask`, whose signal aborts when it takes too long, with an EigenwatchError, or nobody waits for it any more. */
export async function answerWithin<Answer>(
  { clock, ms, stopping, action }: Request,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const request = new AbortController();
  const stop = (): void => request.abort(stopping.reason);
  const cancel = clock.after(ms, () =>
    request.abort(
      new EigenwatchError({ action, value: `no answer in ${ms} ms`, expected: "one", kind: "unavailable" }),
    ),
  );
  if (stopping.aborted) stop();
  stopping.addEventListener("abort", stop);
  try {
    return await ask(request.signal);
  } finally {
    cancel();
    stopping.removeEventListener("abort", stop);
  }
}

/** The whole body as text. Null: it has more bytes than `bytesMax`; the rest is not read. */
export async function boundedText(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    // Leaving the loop ends the request.
    if (bytes > bytesMax) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** What the system says, which both runtimes put below an error that says nothing. */
export function systemReason(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown };
    if (typeof code === "string") return code;
    if (each.cause === undefined) return each.message;
  }
  return String(error);
}
