/** `eigenwatch replay PATH --follow`: the recording as a session in the dashboard, on this machine only. */
import { stopSignal } from "../../../actors/command-line/stop-signal.ts";
import { print, printJson, report } from "../../../actors/command-line/terminal.ts";
import { VERSION } from "../../../actors/mod.ts";
import { dashboardDirectory } from "../../../collab/dashboard-files.ts";
import { createGateway, type Gateway } from "../../../collab/gateway/gateway.ts";
import type { SeekPlace } from "../place.ts";
import { closeSessions, openSessions } from "./open-sessions.ts";
import type { ReplaySession } from "./session.ts";

export interface FollowOptions {
  speed: number | "max";
  place?: SeekPlace;
  port: number;
  json: boolean;
}

/** Plays until a signal comes. Returns the exit code: 1 when the recording could not be read to where somebody expected. */
export async function follow(path: string, options: FollowOptions): Promise<number> {
  const { port, json } = options;
  const log = (line: string): void => report(...line.split("\n"));
  const { speed, place } = options;
  const sessions = await openSessions(path, { speed, log, ...(place === undefined ? {} : { place }) });
  const [session] = sessions;
  const gateway = await openGateway(sessions, port, log).catch(async (error: unknown) => {
    await closeSessions(sessions);
    throw error;
  });
  printAddress(gateway, session, json);
  await session.play();
  const why = await stopSignal();
  report(`stopping ${why}`);
  const failed = session.status().state === "failed";
  await gateway.close();
  await closeSessions(sessions);
  return failed ? 1 : 0;
}

function openGateway(
  sessions: readonly ReplaySession[],
  port: number,
  log: (line: string) => void,
): Promise<Gateway> {
  const staticDir = dashboardDirectory();
  if (staticDir === null) log("the dashboard is not built (npm run build); only the API is served");
  return createGateway({
    sessions,
    // The log of scans is that of the first partition.
    scans: sessions[0]!.scans(),
    port,
    server: `eigenwatch ${VERSION}`,
    ...(staticDir === null ? {} : { staticDir }),
    log,
  });
}

function printAddress({ url, loginUrl }: Gateway, session: ReplaySession, json: boolean): void {
  const status = session.status();
  if (json) {
    printJson({ what: "listening", url, open: loginUrl, ...status });
    return;
  }
  print("", `  eigenwatch  recorded session ${session.session}`, `  open        ${loginUrl}`);
  print(`  recording   ${status.recording}`, "  stop        Ctrl-C", "");
}
