/** The page's controls of a recorded session, with a gateway that answers when the test says so. */
import { Controls } from "../../collab/dashboard/model/controls.ts";
import type { ReplayMark, ReplayStatus } from "../../protocol/controls.ts";

export const SECOND = 1_000_000;
export const FROM_US = 1_767_225_600 * SECOND;

export const STATUS: ReplayStatus = {
  state: "paused",
  reason: "",
  speed: 1,
  timeUs: FROM_US,
  sequence: 5,
  fromUs: FROM_US,
  toUs: FROM_US + 100 * SECOND,
  firstSequence: 1,
  lastSequence: 100,
  recording: null,
};

export interface ControlledSession {
  controls: Controls;
  /** Bodies of all POST requests. */
  posts: object[];
  /** Answers the oldest open POST; null: refuses it. */
  answer(status: ReplayStatus | null): Promise<void>;
}

export async function onControls(
  { marks = [], readsUntilAll = 1 }: { marks?: readonly ReplayMark[]; readsUntilAll?: number },
  act: (session: ControlledSession) => Promise<void>,
): Promise<void> {
  const posts: object[] = [];
  const waiting: ((status: ReplayStatus | null) => void)[] = [];
  const { fetch, document, setTimeout } = globalThis;
  let reads = 0;
  globalThis.fetch = ((path: string, { body }: { body?: string } = {}) => {
    if (body !== undefined) {
      posts.push(JSON.parse(body) as object);
      return new Promise<Response>((resolve) => {
        waiting.push((status) => resolve(status === null ? REFUSED.clone() : Response.json(status)));
      });
    }
    if (path === "api/replay") return Promise.resolve(Response.json(STATUS));
    if (path === "api/replay/marks") {
      const complete = ++reads >= readsUntilAll;
      return Promise.resolve(Response.json({ marks: complete ? marks : [], complete }));
    }
    return Promise.resolve(Response.json({ sessions: [{ session: "s", controls: ["replay"] }] }));
  }) as typeof globalThis.fetch;
  globalThis.document = { hidden: false } as Document;
  // The page asks again at once.
  globalThis.setTimeout = ((act: () => void) => setTimeout(act, 0)) as typeof globalThis.setTimeout;
  const controls = new Controls();
  try {
    await controls.start("s");
    await act({
      controls,
      posts,
      async answer(status) {
        await turns();
        waiting.shift()!(status);
        await turns();
      },
    });
  } finally {
    controls.stop();
    Object.assign(globalThis, { fetch, document, setTimeout });
  }
}

const REFUSED = Response.json(
  { error: { action: "replay", value: "it", expected: "that" } },
  { status: 400 },
);

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
