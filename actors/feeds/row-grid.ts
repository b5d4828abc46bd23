/** Times at which a live feed takes rows: start + k · every. */
import type { Clock } from "../ports/clock.ts";
import type { Pause } from "./pause.ts";

export interface NextRow {
  /** The next point of the grid after `nowUs`, µs. */
  readonly dueUs: number;
  /** Points in between, of which no row was taken. */
  readonly missed: number;
}

/** After the row that was due at `dueUs`, at `nowUs` or before. */
export function nextRow(dueUs: number, nowUs: number, everyUs: number): NextRow {
  const missed = Math.max(0, Math.floor((nowUs - dueUs) / everyUs));
  return { dueUs: dueUs + (missed + 1) * everyUs, missed };
}

/** Takes a row at each point of the grid from now on, about the `seconds` since the one before, until the pause is stopped. */
export async function onGrid(
  { clock, everyUs }: { readonly clock: Clock; readonly everyUs: number },
  pause: Pause,
  take: (nowUs: number, seconds: number) => void,
): Promise<void> {
  let beganUs = clock.nowUs();
  let dueUs = beganUs + everyUs;
  while (!pause.stopped) {
    await pause.wait(Math.max(0, (dueUs - clock.nowUs()) / 1000));
    if (pause.stopped) break;
    const nowUs = clock.nowUs();
    // A timer may fire a fraction of a millisecond early.
    if (nowUs < dueUs) continue;
    take(nowUs, (nowUs - beganUs) / 1e6);
    beganUs = nowUs;
    ({ dueUs } = nextRow(dueUs, nowUs, everyUs));
  }
}
