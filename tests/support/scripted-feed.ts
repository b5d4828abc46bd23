/** A feed that a test controls step by step. */
import type { Feed, FeedSink } from "../../actors/ports/feed.ts";

export interface ScriptedFeed extends Feed {
  /** Resolves with the sink once the feed runs. */
  readonly sink: Promise<FeedSink>;
  /** Lets `run` return. */
  end(): void;
}

export function scriptedFeed(source: string, kind: Feed["kind"]): ScriptedFeed {
  let give: (sink: FeedSink) => void;
  let end: () => void = () => {};
  const sink = new Promise<FeedSink>((resolve) => {
    give = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    source,
    kind,
    sink,
    end,
    run(into) {
      give(into);
      return ended;
    },
    async stop() {
      end();
    },
  };
}
