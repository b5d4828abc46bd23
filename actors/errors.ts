import { EigenwatchError, exitCodeOf } from "../protocol/errors.ts";

/** An error given as one sentence, with its exit code. New code throws an EigenwatchError with its parts. */
export class CommandError extends EigenwatchError {
  override readonly name = "CommandError";

  constructor(message: string, exitCode: 1 | 2 = 2) {
    super({ action: "carry out the command", value: message, kind: exitCode === 1 ? "failed" : "usage" });
    this.message = message;
  }

  get exitCode(): 1 | 2 {
    return exitCodeOf(this.kind);
  }
}

/** What `act` returns; a plain error it throws becomes an EigenwatchError of the kind "usage". */
export function asked<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw asEigenwatchError(error);
  }
}

export async function askedAsync<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw asEigenwatchError(error);
  }
}

function asEigenwatchError(error: unknown): EigenwatchError {
  return error instanceof EigenwatchError
    ? error
    : new CommandError(error instanceof Error ? error.message : String(error));
}
