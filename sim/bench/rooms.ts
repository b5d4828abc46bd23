/**
 * A shared document and kills: the built program is killed (SIGKILL) some time after it has acknowledged an edit, again and again on one recording.
 *
 * What was acknowledged must be there after each next start, and at the end.
 */
import type { ChildProcess } from "node:child_process";
import process from "node:process";
import WebSocket from "ws";
import { joinSession, type SharedSession } from "../../collab/shared-session.ts";
import { check, inTemporaryFolder, pauseMs } from "./measure.ts";
import { end, startBuilt, urlOf } from "./program.ts";
import { type BenchRow, limited } from "./row.ts";

/** After each acknowledgement that is tested. */
const KILLS = Number(process.env["EIGENWATCH_KILLS"] ?? 20);
/** Between the acknowledgement and the kill: servers that write a while later lose what they acknowledged in between. */
const AFTER_MS = [100, 600, 1_600];

export function benchRooms(): Promise<BenchRow[]> {
  return inTemporaryFolder(killAgainAndAgain);
}

async function killAgainAndAgain(directory: string): Promise<BenchRow[]> {
  const acknowledged: string[] = [];
  const times: number[] = [];
  for (const afterMs of AFTER_MS)
    for (let k = 0; k < KILLS; k++) {
      const { child, session } = await opened(directory, acknowledged);
      const id = `after-${afterMs}-${k}`;
      const began = performance.now();
      session.set("thresholds", id, {
        of: { group: "host", channel: "cpu.busy" },
        direction: "above",
        level: 1 + k,
      });
      await session.saved();
      times.push(performance.now() - began);
      acknowledged.push(id);
      session.leave();
      await pauseMs(afterMs);
      await end(child, "SIGKILL");
    }
  const { child, session } = await opened(directory, acknowledged);
  session.leave();
  await end(child, "SIGTERM");
  const delays = AFTER_MS.map((ms) => ms / 1_000).join(", ");
  return [
    limited(
      {
        name: "rooms: edit → acknowledgement, on disk, right after a start",
        unit: "ms",
        runs: times,
        note: `killed ${delays} s later, ${KILLS} times each: 0 of ${acknowledged.length} lost`,
      },
      // A person does not notice it.
      { atMost: 100 },
    ),
  ];
}

/** The program with the recording, and somebody in its document. Fails when something that was acknowledged is not there. */
async function opened(
  directory: string,
  acknowledged: readonly string[],
): Promise<{ child: ChildProcess; session: SharedSession }> {
  const args = ["up", "--feed", "host", "--record", directory, "--port", "0", "--open-rooms", "--json"];
  const child = startBuilt(args, ["ignore", "pipe", "ignore"]);
  const session = joinSession(`${(await urlOf(child)).replace("http", "ws")}collab/local`, {
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
  });
  await session.synced();
  const lost = acknowledged.filter((id) => session.get("thresholds", id) === undefined);
  check(lost.length === 0, "every acknowledged edit in the document", `${lost.join(", ")} are lost`);
  return { child, session };
}
