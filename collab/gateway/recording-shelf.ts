/** Recordings that people open beside the live session: what the gateway needs of whoever keeps them (sim/recordings/shelf/). */
import type { ScanDesk } from "../../actors/mod.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import type { RecordingList } from "../../protocol/controls.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { RequestOrigin } from "./request.ts";

export interface RecordingShelf {
  list(): Promise<RecordingList>;
  /** A replay of the recording. Rejects with kind "notFound" for a name that is not on the shelf: names come from clients. */
  open(name: string): Promise<OpenedRecording>;
}

export interface OpenedRecording {
  /** One for each partition. */
  readonly sessions: readonly LiveSession[];
  readonly scans: ScanDesk;
  close(): Promise<void>;
}

/** An invitation is for one session, and recordings are others. */
export function maySeeRecordings({ identity }: RequestOrigin): boolean {
  return identity.kind !== "stranger" && identity.session === null;
}

/** Throws for a guest. */
export function checkSeesRecordings(from: RequestOrigin, action: string): void {
  if (maySeeRecordings(from)) return;
  const value = "an invitation to one session";
  throw new EigenwatchError({ action, value, expected: "the token of the gateway", kind: "denied" });
}
