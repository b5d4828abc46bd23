/** Which channels measure this program instead of the machine that it watches. */

/** Their names begin with it. */
export const OWN_HEALTH = "own.";

/** How late the host feed's timer fired: only a group of that feed has this channel. */
export const OWN_LATENESS = "own.loopDelay";

/** Whether these are the channels of a group of the host feed. */
export function isHost(channels: readonly { readonly name: string }[]): boolean {
  return channels.some(({ name }) => name === OWN_LATENESS);
}
