import type { Checker } from "./checker.ts";

/** Numbered frames and commands of a source are in the log in their order, each once. Number 0 means that the source does not number them. */
export function sourceOrder(): Checker {
  const last = new Map<string, number>();
  return {
    name: "source-order",
    rule: "frames, and commands, of one source are in the log in their order, each once",
    observes: [],
    replayed({ partition, sequence, input }) {
      if ((input.type !== "frame" && input.type !== "command") || input.sequence === 0) return null;
      const key = `${partition}/${input.type}/${input.source}`;
      const before = last.get(key) ?? 0;
      last.set(key, input.sequence);
      if (input.sequence > before) return null;
      return `input ${sequence} of ${partition} is ${input.type} ${input.sequence} of ${input.source}, after ${before}`;
    },
  };
}
