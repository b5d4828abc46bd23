/**
 * The version of the registered state: which fields there are, and what they mean.
 *
 * A raise means that state hashes and snapshots of recordings before it are of another version: hashes are not compared and snapshots are
 * passed over. Events and published states stay what they were, so such recordings are still verified by their events.
 *
 *   1  each detector held its own mode
 *   2  the machines alone hold the modes
 */
export const STATE_VERSION = 2;
