/** The clock of this machine beside that of the servers: times of several machines meet in a session. */
import type { NatsBus } from "../../actors/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";

/** A clock that is off by more lets the logical time of a session leap when the owner changes, and gives samples a time that is not that of the others. */
const CLOCK_ERROR_MS_MAX = 5_000;

/** Throws an EigenwatchError when the clock of this machine is another one than the server's. `action`: what needs it, after "Cannot". */
export async function checkClock(bus: Pick<NatsBus, "clockErrorMs">, action: string): Promise<void> {
  const errorMs = await bus.clockErrorMs();
  if (Math.abs(errorMs) <= CLOCK_ERROR_MS_MAX) return;
  const seconds = Math.round(Math.abs(errorMs) / 1000);
  throw new EigenwatchError({
    action,
    value: `the clock of this machine is ${seconds} s ${errorMs > 0 ? "ahead of" : "behind"} that of the NATS server`,
    expected: `at most ${CLOCK_ERROR_MS_MAX / 1000} s: synchronize both clocks (NTP)`,
    kind: "unavailable",
  });
}
