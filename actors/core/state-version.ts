/**
 * The version of the registered state: its pieces, their order and their meaning.
 *
 *   1  each detector held its own mode
 *   2  the machines alone hold the modes
 *   3  the core's control names the injections that are open
 *   4  the settings in the core's control have a section for alerts
 *   5  and one for risk
 *   6  and some for further detectors
 *
 * Events and published states of versions 1 to 6 are the same. What else an older recording still gives stands in `OLDER_STATES`. What one actor
 * computes and keeps has a version of its own (actors/ports/detector.ts); this one is for the rest, and for all at once.
 */
export const STATE_VERSION = 6;

/** An older state version, as far as this program can use it. */
interface OlderState {
  /** Whether the pieces of actors are those of today, so that their hashes can be compared: all but the core's control. */
  readonly sameActors: boolean;
  /** The control of such a snapshot as that of today; absent: its snapshots are skipped. */
  readonly control?: (control: object) => object;
}

/** A version without a row cannot be compared at all, and its snapshots cannot be restored. */
export const OLDER_STATES: Readonly<Record<number, OlderState>> = {
  5: { sameActors: true, control: (control) => control },
  4: { sameActors: true, control: (control) => control },
  // Which injections were open is not known. That does no harm: the next session forgets them.
  3: { sameActors: true, control: (control) => control },
  2: { sameActors: true, control: (control) => ({ ...control, injections: [] }) },
};
