/** What a caller of a journal handles: each class asks for another reaction. */

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
