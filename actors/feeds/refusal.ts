/** What speaks against a session with these feeds before it begins. */
import type { EigenwatchError } from "../../protocol/errors.ts";
import type { Feed } from "../ports/feed.ts";

/** Why one of the feeds can never run as it was asked for, or null. */
export async function refusalAmong(feeds: readonly Feed[]): Promise<EigenwatchError | null> {
  for (const feed of feeds) {
    const refusal = await feed.refusal?.();
    if (refusal) return refusal;
  }
  return null;
}
