/**
 * Names the processes that do most while something of this machine is unusual: its channels say how much, not who.
 *
 *   incident.opened, incident.grew of a group of the host feed ─► processes ──a second──► processes ─► notice `host.processes` of that incident
 *
 * P1  One look at a time: what comes during one has its processes in it.
 * P2  The notice is an input as any other: a replay shows it, and looks at no process.
 */
import { byteSize } from "../../actors/command-line/byte-size.ts";
import { type ProcessRate, type ProcessUse, ratesBetween, readProcesses } from "../../actors/feeds/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import type { EventMessage, OperatorNotice } from "../../protocol/messages.ts";

/** Long enough for the kernel's steps of 10 ms, short beside what lasts. */
const BETWEEN_MS = 1_000;

/** Processes that are named for each use. */
const NAMED = 3;

/** Less is what any process does. */
const LEAST = { processor: 1, memory: 1_000_000, disk: 10_000 } as const;

type Use = keyof typeof LEAST;

const KINDS: ReadonlySet<string> = new Set(["incident.opened", "incident.grew"]);

export interface NameProcessesOptions {
  readonly session: Pick<LiveSession, "groups" | "subscribe">;
  readonly clock: Pick<Clock, "after">;
  /** Sources whose readings are of this machine. */
  readonly sources: ReadonlySet<string>;
  announce(notice: Omit<OperatorNotice, "type">): void;
  /** Default: those of this machine. */
  read?(): Promise<ReadonlyMap<string, ProcessUse>>;
}

/** From now on. The returned function ends it. */
export function nameProcesses({
  session,
  clock,
  sources,
  announce,
  read = () => readProcesses(),
}: NameProcessesOptions): () => void {
  let isLooking = false;
  let isEnded = false;
  let cancel = (): void => {};
  const look = async (event: EventMessage): Promise<void> => {
    isLooking = true;
    try {
      const before = await read();
      await new Promise<void>((resolve) => {
        cancel = clock.after(BETWEEN_MS, resolve);
      });
      const rates = ratesBetween(before, await read(), BETWEEN_MS / 1000);
      const notice = noticeOf(event, rates);
      if (notice !== null && !isEnded) announce(notice);
    } finally {
      isLooking = false;
    }
  };
  const unsubscribe = session.subscribe({
    event: (event) => {
      if (isLooking || !KINDS.has(event.kind)) return;
      const source = session.groups().find(({ group }) => group === event.group)?.source;
      if (source !== undefined && sources.has(source)) void look(event).catch(() => {});
    },
  });
  return () => {
    isEnded = true;
    cancel();
    unsubscribe();
  };
}

/** Null when no process uses anything that is worth a word. */
function noticeOf(event: EventMessage, rates: readonly ProcessRate[]): Omit<OperatorNotice, "type"> | null {
  const named = Object.fromEntries(
    (Object.keys(LEAST) as Use[]).map((use) => [
      use,
      most(rates, use)
        .map((rate) => words(rate, use))
        .join(", "),
    ]),
  ) as Record<Use, string>;
  const use = useOf(event.channels[0] ?? "");
  const [shown] = [use, "processor" as const].filter((each) => named[each] !== "");
  if (shown === undefined) return null;
  return {
    kind: "host.processes",
    severity: "info",
    group: event.group,
    channels: [],
    title: `${TITLES[shown]}: ${named[shown]}`,
    detail: { incident: event.detail["incident"] ?? null, ...named },
    author: "system",
  };
}

const TITLES: Readonly<Record<Use, string>> = {
  processor: "Most processor time",
  memory: "Most memory",
  disk: "Most on disks",
};

/** What a process can have to do with a channel. */
function useOf(channel: string): Use {
  if (/^disk\./.test(channel)) return "disk";
  return /^(memory|swap|paging)\./.test(channel) ? "memory" : "processor";
}

function most(rates: readonly ProcessRate[], use: Use): ProcessRate[] {
  return rates
    .filter((rate) => amount(rate, use) >= LEAST[use])
    .sort((a, b) => amount(b, use) - amount(a, use) || a.pid - b.pid)
    .slice(0, NAMED);
}

function amount(rate: ProcessRate, use: Use): number {
  return use === "processor" ? rate.processor : use === "memory" ? rate.residentBytes : rate.disk;
}

function words(rate: ProcessRate, use: Use): string {
  const value = amount(rate, use);
  const text =
    use === "processor"
      ? `${Math.round(value)} % of a core`
      : `${byteSize(value)}${use === "disk" ? "/s" : ""}`;
  return `${rate.name} (${rate.pid}) ${text}`;
}
