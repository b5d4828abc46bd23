/**
 * Which channels measure this program instead of the machine that it watches. The host feed has them in a group of their own, which no detector
 * reads; in older recordings they are among the machine's.
 */

interface Named {
  readonly name: string;
}

/** Their names begin with it. */
export const OWN_HEALTH = "own.";

/** How late the host feed's timer fired. */
export const OWN_LATENESS = "own.loopDelay";

/** What every platform has of a machine. */
const OF_A_MACHINE = [/^cpu\d*\.busy$/, /^memory\.used$/];

/** Whether a group is of this program's own health alone. */
export function isOwnHealth(channels: readonly Named[]): boolean {
  return channels.length > 0 && channels.every(({ name }) => name.startsWith(OWN_HEALTH));
}

/** Whether these are the channels of a machine, as the host feed names them. */
export function isHost(channels: readonly Named[]): boolean {
  const has = (is: (name: string) => boolean) => channels.some(({ name }) => is(name));
  return (
    !isOwnHealth(channels) &&
    (has((name) => name === OWN_LATENESS) || OF_A_MACHINE.every((of) => has((name) => of.test(name))))
  );
}
