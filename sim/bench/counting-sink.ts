/** A sink that counts what a feed brings, and fails with the feed. */
import type { FeedSink } from "../../actors/ports/feed.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { FeedStatus } from "../../protocol/messages.ts";
import { check } from "./measure.ts";

interface CountingSink extends FeedSink {
  samples: number;
  frames: number;
  channelCount: number;
}

interface Listener {
  frame?(frame: Frame): void;
  status?(status: FeedStatus): void;
}

export function countingSink(listener: Listener = {}): CountingSink {
  const sink: CountingSink = {
    samples: 0,
    frames: 0,
    channelCount: 0,
    channels(declaration) {
      sink.channelCount = declaration.channels.length;
    },
    frame(frame) {
      sink.samples += frame.count;
      sink.frames++;
      listener.frame?.(frame);
      return true;
    },
    quantum: () => true,
    status(status) {
      check(status.status !== "failed", `no failure of the feed: ${status.detail}`);
      listener.status?.(status);
    },
    drained: () => Promise.resolve(),
  };
  return sink;
}
