/** What a recording has that cannot be gone on with is the recording's fault, not ours: it becomes a CommandError. */

import { ChainBroken, CommandError, RecordingDamaged } from "../../actors/mod.ts";
import { ProtocolError } from "../../protocol/errors.ts";

export async function said<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const known =
      error instanceof RecordingDamaged || error instanceof ChainBroken || error instanceof ProtocolError;
    throw known ? new CommandError(error.message) : error;
  }
}
