/** The gateway of a process that serves sessions: `up`, and a node of a cluster. */
import { type ScanDesk, VERSION } from "../../actors/mod.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import { openRecordingFolder } from "../../sim/mod.ts";
import { dashboardDirectory } from "../dashboard-files.ts";
import { createGateway, type Gateway } from "../gateway/gateway.ts";
import type { UpgradeRoute } from "../gateway/gateway-context.ts";
import type { GrantLog } from "../gateway/grants.ts";
import { grantsInFile } from "../gateway/grants-file.ts";
import type { GatewayLimits } from "../gateway/limits.ts";
import type { PushService } from "../gateway/push-service.ts";

export interface GatewayPlan {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string | undefined;
  readonly basePath: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** The folder of the recording, beside which invitations are kept; absent or null: in memory. */
  readonly record?: string | null;
  /** A folder of recordings that people may open; absent or null: none. */
  readonly recordings?: string | null;
  readonly trustProxy: boolean;
}

/** With the dashboard where it is built; says so where it is not. `grants`: those that several nodes share. */
export async function openGateway(
  plan: GatewayPlan,
  sessions: readonly LiveSession[],
  log: (message: string) => void,
  rooms?: { readonly server: UpgradeRoute; readonly limits: Partial<GatewayLimits> },
  grants?: GrantLog,
  scans?: ScanDesk,
  push?: PushService,
): Promise<Gateway> {
  const { host, port, tokenFile, basePath, allowedHosts, allowedOrigins, trustProxy } = plan;
  const { record = null, recordings = null } = plan;
  const staticDir = dashboardDirectory();
  if (staticDir === null) log("the dashboard is not built (npm run build); only the API is served");
  return createGateway({
    sessions,
    host,
    port,
    basePath,
    allowedHosts,
    allowedOrigins,
    ...(record === null ? {} : { grants: grantsInFile(grantsFile(record)) }),
    ...(grants === undefined ? {} : { grants }),
    trustProxy,
    server: `eigenwatch ${VERSION}`,
    scans,
    push,
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(recordings === null ? {} : { recordings: await openRecordingFolder(recordings, log) }),
    ...(staticDir === null ? {} : { staticDir }),
    ...(rooms === undefined ? {} : { upgrades: [rooms.server], limits: rooms.limits }),
    log,
  });
}

/** Beside the folder, not in it: whoever gets a copy of the recording must not get the key. */
function grantsFile(record: string): string {
  return `${record.replace(/[\\/]+$/, "")}.access.json`;
}
