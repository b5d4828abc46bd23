/** A command that cannot be carried out as asked: bad usage or bad input (2), or a failure that was looked for and found (1). */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}
