/**
 * Says a day before that the disk of a recording will be full, if it goes on to fill as it does.
 *
 *   every minute: bytes that are free ─► how fast they become fewer ─┬─ full after a day or later ─► nothing
 *                                                                    └─ sooner ─► a notice, and again when half of that time is left
 *
 * Others write to the disk too, and retention removes what is old: what counts is what is free. Each quarter of the last
 * hours must fill it in that time: a large file that somebody copies there is no trend. In the first two hours only what is nearer than they are long is
 * said: a disk that is full in twenty minutes is known after ten.
 */
import type { Clock } from "../../actors/ports/clock.ts";
import type { OperatorNotice } from "../../protocol/messages.ts";

const LOOK_EVERY_MS = 60_000;
/** A pattern of a day is not seen, but a change within the last hours soon. */
const WINDOW_LOOKS = 360;
/** Of less a forecast does not reach farther than it looks back: a segment that is sealed or removed is a jump. */
const LEAST_LOOKS = 120;
/** Of less there is no forecast: each quarter has two looks. */
const FIRST_LOOKS = 8;

const QUARTERS = 4;

const HOUR_MS = 3_600_000;
const SAID_FROM_HOURS = 24;
/** A forecast that goes back beyond this is over: a later one is said again. */
const OVER_HOURS = 2 * SAID_FROM_HOURS;

export interface DiskWatchOptions {
  readonly clock: Pick<Clock, "after" | "monotonicMs">;
  /** The folder of the recording. */
  readonly folder: string;
  /** The recording takes no more: while more than this is free, it does not fill the disk. Undefined: it has no bound. */
  readonly retainBytes?: number | undefined;
  /** Null where the system does not say it. */
  freeBytes(): Promise<number | null>;
  announce(notice: Omit<OperatorNotice, "type">): void;
}

interface Look {
  readonly atMs: number;
  readonly freeBytes: number;
}

/** Looks at once, then every minute. The returned function ends it. */
export function watchDisk({
  clock,
  folder,
  retainBytes = 0,
  freeBytes,
  announce,
}: DiskWatchOptions): () => void {
  const looks: Look[] = [];
  let saidHours = Number.POSITIVE_INFINITY;
  let isEnded = false;
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    const free = await freeBytes().catch(() => null);
    if (isEnded) return;
    if (free !== null) {
      looks.push({ atMs: clock.monotonicMs(), freeBytes: free });
      if (looks.length > WINDOW_LOOKS) looks.shift();
      const isBounded = retainBytes > 0 && free > retainBytes;
      const hours = isBounded ? Number.POSITIVE_INFINITY : hoursLeft(looks);
      if (hours > OVER_HOURS) saidHours = Number.POSITIVE_INFINITY;
      else if (hours < Math.min(SAID_FROM_HOURS, saidHours / 2)) {
        saidHours = hours;
        announce(notice(folder, hours, free));
      }
    }
    cancel = clock.after(LOOK_EVERY_MS, () => void look());
  };
  void look();
  return () => {
    isEnded = true;
    cancel();
  };
}

/** Until nothing is free; Infinity while it does not become less, or that is not known yet. */
function hoursLeft(looks: readonly Look[]): number {
  if (looks.length < FIRST_LOOKS) return Number.POSITIVE_INFINITY;
  const quarter = Math.floor(looks.length / QUARTERS);
  const rates = Array.from({ length: QUARTERS }, (_, k) => {
    const from = looks[looks.length - (k + 1) * quarter]!;
    const to = looks[looks.length - 1 - k * quarter]!;
    return (from.freeBytes - to.freeBytes) / (to.atMs - from.atMs);
  });
  const slower = Math.min(...rates);
  const last = looks.at(-1)!;
  const leftMs = slower > 0 ? last.freeBytes / slower : Number.POSITIVE_INFINITY;
  const isFar = looks.length < LEAST_LOOKS && leftMs > last.atMs - looks[0]!.atMs;
  return isFar ? Number.POSITIVE_INFINITY : leftMs / HOUR_MS;
}

function notice(folder: string, hours: number, freeBytes: number): Omit<OperatorNotice, "type"> {
  const minutes = Math.round(60 * hours);
  const rounded = hours >= 2 ? `${Math.round(hours)} hours` : minutes > 1 ? `${minutes} minutes` : "a minute";
  return {
    kind: "disk.fills",
    severity: hours < 2 ? "critical" : "warning",
    group: "",
    channels: [],
    title: `The disk of the recording will be full in about ${rounded}, as it fills now`,
    detail: {
      folder,
      hoursLeft: Number(hours.toPrecision(3)),
      freeBytes,
      remedy: "make room, or bound the recording by retainBytes or retainHours in the config file",
    },
    author: "system",
  };
}
