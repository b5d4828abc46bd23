/** The actors of this program as they stand at the end of a recording. */
import type { Core } from "../../actors/core/core.ts";
import { coreAt, openRecording, SYSTEM } from "../../actors/mod.ts";

export async function coreAtEnd(directory: string): Promise<Core> {
  const journal = await openRecording(directory);
  try {
    return (await coreAt(journal, SYSTEM, "latest")).core;
  } finally {
    await journal.close();
  }
}
