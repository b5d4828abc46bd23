/** A listener that writes down what it hears, one line a call. */
import type { SessionListener } from "../../actors/ports/session.ts";

export function recordingListener(): { listener: SessionListener; heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    listener: {
      frame: ({ inputSequence }) => void heard.push(`frame ${inputSequence}`),
      event: ({ kind }) => void heard.push(`event ${kind}`),
      state: ({ group }) => void heard.push(`state ${group}`),
      metrics: () => void heard.push("metrics"),
      channels: ({ group }) => void heard.push(`channels ${group}`),
      flush: () => void heard.push("flush"),
      rewound: ({ input }) => void heard.push(`rewound to input ${input}`),
    },
  };
}
