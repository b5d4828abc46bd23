/** Where the program keeps what scans of the command line teach. */
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** As help shows it; XDG_STATE_HOME stands in for the folder. */
export const LEARNT_FILE = "~/.local/state/eigenwatch/scan-order.json";

export function learntFile(asked: string | undefined): string {
  if (asked !== undefined) return asked;
  const state = process.env.XDG_STATE_HOME || join(homedir(), ".local", "state");
  return join(state, "eigenwatch", "scan-order.json");
}
