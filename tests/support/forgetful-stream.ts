/** A stream whose servers lose its end, as after a crash of machines that did not sync. */
import type { LogStream, StreamEntry } from "../../actors/ports/bus.ts";

/** `forget`: the last entries are lost; `remember`: they are there again. */
export function forgetful(stream: LogStream): LogStream & { forget(count: number): void; remember(): void } {
  let until = Number.POSITIVE_INFINITY;
  const followers = new Set<() => void>();
  return {
    append: (bytes, options) => stream.append(bytes, options),
    lastSequence: async () => Math.min(until, await stream.lastSequence()),
    follow(from, take) {
      let next = from;
      const hand = (entry: StreamEntry) => {
        if (entry.sequence > until || entry.sequence < next) return;
        next = entry.sequence + 1;
        take(entry);
      };
      const end = stream.follow(from, hand);
      const again = () => {
        next = until + 1;
        // As a server that forgot: what it says next has a lower number than what was read.
        void (async () => {
          for await (const entry of stream.read(until)) {
            take(entry);
            return;
          }
        })();
      };
      followers.add(again);
      return () => {
        followers.delete(again);
        end();
      };
    },
    async *read(from) {
      for await (const entry of stream.read(from)) if (entry.sequence <= until) yield entry;
    },
    forget(count) {
      void stream.lastSequence().then((last) => {
        until = last - count;
        for (const again of [...followers]) again();
      });
    },
    remember() {
      until = Number.POSITIVE_INFINITY;
    },
  };
}
