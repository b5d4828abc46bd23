/** `eigenwatch replay PATH --follow`: the recording as a session in the dashboard, on this machine only. */
import { print, printJson, report } from "../../../actors/command-line/terminal.ts";
import { openRecording, SYSTEM, systemClock, VERSION } from "../../../actors/mod.ts";
import { dashboardDirectory } from "../../../collab/dashboard-files.ts";
import { createGateway, type Gateway } from "../../../collab/gateway/gateway.ts";
import { stopSignal } from "../../../collab/stop-signal.ts";
import type { SeekPlace } from "../place.ts";
import { recordedCommands } from "./commands.ts";
import { ReplaySession } from "./session.ts";

export interface FollowOptions {
  speed: number | "max";
  place?: SeekPlace;
  port: number;
  json: boolean;
}

/** Plays until a signal comes. Returns the exit code: 1 when the recording could not be read to where somebody expected. */
export async function follow(path: string, options: FollowOptions): Promise<number> {
  const { speed, place, port, json } = options;
  const log = (line: string): void => report(...line.split("\n"));
  const journal = await openRecording(path, { log });
  const session = await ReplaySession.open({
    journal,
    definitions: SYSTEM,
    clock: systemClock,
    recording: path,
    speed,
    log,
    ...(place === undefined ? {} : { place }),
  }).catch(async (error: unknown) => {
    await journal.close();
    throw error;
  });
  session.commands.handle(recordedCommands(session, path));
  const gateway = await openGateway(session, port, log).catch(async (error: unknown) => {
    await session.close();
    throw error;
  });
  printAddress(gateway, session, json);
  await session.play();
  const why = await stopSignal();
  report(`stopping ${why}`);
  const failed = session.status().state === "failed";
  await gateway.close();
  await session.close();
  return failed ? 1 : 0;
}

function openGateway(session: ReplaySession, port: number, log: (line: string) => void): Promise<Gateway> {
  const staticDir = dashboardDirectory();
  if (staticDir === null) log("the dashboard is not built (npm run build); only the API is served");
  return createGateway({
    sessions: [session],
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
