/**
 * The version of the registered state: its fields and their meaning.
 *
 * After a change of the version, state hashes of older recordings are not compared and their snapshots are skipped. Events and published
 * states do not change, so older recordings are still verified by their events.
 *
 *   1  each detector held its own mode
 *   2  the machines alone hold the modes
 */
export const STATE_VERSION = 2;
