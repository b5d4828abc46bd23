/**
 * Moleculer over NATS. It is not among our packages: 36 of them for one row. It is fetched once, into a folder of its own, and finds our `nats` above
 * that.
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { exited, ROOT } from "./program.ts";

/** The subject of a bare request, and the action of a call: both are answered with what they bring. */
export const ECHO = "bench.echo";

const VERSION = "0.14.36";
const FOLDER = join(ROOT, ".tools", "moleculer");

/** The part of its broker that is used here. */
export interface Broker {
  start(): Promise<void>;
  stop(): Promise<void>;
  createService(schema: object): unknown;
  waitForServices(name: string): Promise<unknown>;
  call(action: string, params: object): Promise<unknown>;
}

const require = createRequire(join(FOLDER, "bench.cjs"));

/** Resolves with false where it cannot be fetched; npm says why. */
export async function installMoleculer(): Promise<boolean> {
  if (isInstalled()) return true;
  mkdirSync(FOLDER, { recursive: true });
  const options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", FOLDER];
  process.stderr.write(`Fetching moleculer ${VERSION} into ${FOLDER}\n`);
  const shell = process.platform === "win32";
  const npm = spawn("npm", ["install", ...options, `moleculer@${VERSION}`], {
    stdio: ["ignore", "ignore", "inherit"],
    shell,
  });
  npm.once("error", () => {});
  await Promise.race([exited(npm), new Promise((resolve) => npm.once("error", resolve))]);
  return isInstalled();
}

function isInstalled(): boolean {
  try {
    require.resolve("moleculer");
    return true;
  } catch {
    return false;
  }
}

export function createBroker(nodeID: string, url: string): Broker {
  const { ServiceBroker } = require("moleculer") as {
    ServiceBroker: new (options: object) => Broker;
  };
  return new ServiceBroker({
    nodeID,
    transporter: { type: "NATS", options: { servers: url } },
    logger: false,
  });
}
