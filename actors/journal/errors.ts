/** Errors of journals that callers handle, each in its own way. */

/** A write failed: nothing acknowledged is lost, nothing more is taken until the journal is opened again (J5). */
export class JournalHalted extends Error {
  override readonly name = "JournalHalted";
}

/** More was handed over than may wait in memory. Nothing was taken: append the same block again after `flush()`. */
export class JournalBusy extends Error {
  override readonly name = "JournalBusy";
}

/** Another process writes this directory. */
export class JournalLocked extends Error {
  override readonly name = "JournalLocked";
}

/** Another node took the partition over. Blocks that were not admitted before are lost. */
export class Fenced extends Error {
  override readonly name = "Fenced";
  readonly epoch: number;
  /** Who owns it now. */
  readonly owner: string;
  constructor(partition: string, epoch: number, owner: string) {
    super(`Fenced from partition ${partition}: ${owner} took it over with epoch ${epoch}`);
    this.epoch = epoch;
    this.owner = owner;
  }
}

/** The servers lost the end of a log that had been acknowledged, or never delivered it. The log must be read again from its beginning. */
export class LogRewound extends Error {
  override readonly name = "LogRewound";
}
