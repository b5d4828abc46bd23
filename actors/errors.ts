/** A command that cannot be carried out as asked: bad usage or bad input (2), or a failure that was looked for and found (1). */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Does what the user asked for in words; what is wrong with the words is theirs to mend, so it becomes a CommandError. */
export function asked<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw asCommandError(error);
  }
}

export async function askedAsync<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw asCommandError(error);
  }
}

function asCommandError(error: unknown): CommandError {
  return error instanceof CommandError
    ? error
    : new CommandError(error instanceof Error ? error.message : String(error));
}
