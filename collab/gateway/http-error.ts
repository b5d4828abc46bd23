/** A request that is refused: an HTTP status, and what was tried, with which value, and what was wanted. */
export class HttpError extends Error {
  readonly status: number;
  readonly action: string;
  readonly value: string;
  readonly wanted: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    action: string,
    value: unknown,
    wanted: string,
    headers: Record<string, string> = {},
  ) {
    const shown = short(value);
    super(`Cannot ${action}: ${shown}, wanted ${wanted}`);
    this.name = "HttpError";
    this.status = status;
    this.action = action;
    this.value = shown;
    this.wanted = wanted;
    this.headers = headers;
  }
}

/** Longest echo of a foreign value: enough to recognise it. */
const SHOWN_MAX = 120;

function short(value: unknown): string {
  const text = typeof value === "string" ? value : String(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
