/** Errors as HTTP answers: the status follows from the kind of the error, unless HTTP has one of its own for the case. */
import { EigenwatchError, type ErrorKind, type ErrorParts } from "../../protocol/errors.ts";

type Headers = Readonly<Record<string, string>>;

/** An error that HTTP answers with a status or headers of its own: a challenge, the allowed methods, a time to wait. */
export class HttpError extends EigenwatchError {
  override readonly name = "HttpError";
  readonly status: number;
  readonly headers: Headers;

  constructor(status: number, parts: ErrorParts, headers: Headers = {}) {
    super(parts);
    this.status = status;
    this.headers = headers;
  }
}

/** Some conditions end within seconds, so a client may ask again: a question being answered, a session being taken over. */
const AGAIN: Headers = { "retry-after": "1" };

const ANSWERS: Record<ErrorKind, { status: number; headers: Headers }> = {
  usage: { status: 400, headers: {} },
  input: { status: 400, headers: {} },
  limit: { status: 400, headers: {} },
  denied: { status: 403, headers: {} },
  notFound: { status: 404, headers: {} },
  conflict: { status: 409, headers: AGAIN },
  failed: { status: 500, headers: {} },
  unavailable: { status: 503, headers: AGAIN },
};

export function answerTo(error: EigenwatchError): { status: number; headers: Headers } {
  return error instanceof HttpError ? error : ANSWERS[error.kind];
}
