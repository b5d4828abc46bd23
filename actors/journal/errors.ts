/** Errors of journals that callers handle, each in its own way. */
import { EigenwatchError, type ErrorKind, type ErrorParts } from "../../protocol/errors.ts";

type Parts = Omit<ErrorParts, "kind">;

/** An error whose class decides its kind. */
abstract class JournalError extends EigenwatchError {
  constructor(kind: ErrorKind, parts: Parts, options?: ErrorOptions) {
    super({ ...parts, kind }, options);
  }
}

/** A write failed: acknowledged blocks are safe, and the journal takes no more until it is opened again (J5). */
export class JournalHalted extends JournalError {
  override readonly name = "JournalHalted";

  constructor(parts: Parts, options?: ErrorOptions) {
    super("unavailable", parts, options);
  }
}

/** More was handed over than may wait in memory. Nothing was taken: append the same block again after `flush()`. */
export class JournalBusy extends JournalError {
  override readonly name = "JournalBusy";

  constructor(parts: Parts) {
    super("unavailable", parts);
  }
}

/** Another process writes this directory. Of kind "usage": the request must name another directory, so the exit code is 2. */
export class JournalLocked extends JournalError {
  override readonly name = "JournalLocked";

  constructor(parts: Parts) {
    super("usage", parts);
  }
}

/**
 * A recording is not as its writer left it: somebody else has the lock, or changed the segment. The writer halts rather than overwrite what
 * may be another's.
 */
export class RecordingTaken extends JournalError {
  override readonly name = "RecordingTaken";

  constructor(parts: Parts) {
    super("conflict", parts);
  }
}

/** Another node took the partition over. Blocks that were not admitted before are lost. */
export class Fenced extends JournalError {
  override readonly name = "Fenced";
  readonly epoch: number;
  /** Who owns it now. */
  readonly owner: string;
  constructor(partition: string, epoch: number, owner: string) {
    super("conflict", {
      action: `write partition ${partition}`,
      value: `${owner} took it over with epoch ${epoch}`,
    });
    this.epoch = epoch;
    this.owner = owner;
  }
}

/** The servers lost the end of a log that had been acknowledged, or never delivered it. The log must be read again from its beginning. */
export class LogRewound extends JournalError {
  override readonly name = "LogRewound";

  constructor(parts: Parts) {
    super("failed", parts);
  }
}
