/** A request that is refused: an HTTP status, and what was tried, with which value, and what was expected. */
export class HttpError extends Error {
  readonly status: number;
  readonly action: string;
  readonly value: string;
  readonly expected: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    action: string,
    value: unknown,
    expected: string,
    headers: Record<string, string> = {},
  ) {
    const shown = short(value);
    super(`Cannot ${action}: ${shown}; expected ${expected}`);
    this.name = "HttpError";
    this.status = status;
    this.action = action;
    this.value = shown;
    this.expected = expected;
    this.headers = headers;
  }
}

/** Longest echo of a foreign value: enough to recognise it. */
const SHOWN_MAX = 120;

function short(value: unknown): string {
  const text = typeof value === "string" ? value : String(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
