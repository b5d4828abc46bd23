import type { Source, SourceSink } from "./source.ts";

export class SocketSource implements Source {
  start(sink: SourceSink): void {
    sink.connection({ state: "connecting" });
  }
  stop(): void {}
}
