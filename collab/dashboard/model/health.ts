/** How the program itself does, by its gauges. It is no finding about what is watched. */
import { quantity, span } from "../../charts/format.ts";
import type { Gauges } from "./gauges.ts";

export interface Figure {
  readonly label: string;
  readonly value: string;
  /** What it means, for who looks at it the first time. */
  readonly help: string;
  readonly isStrained: boolean;
}

/** "" when it keeps up. */
export function strainOf(gauges: Gauges): string {
  if (gauges["degraded"] === 1) return "Degraded: it does not keep up at full pace";
  const shed = gauges["shed"] ?? 0;
  return shed > 0 ? `${quantity(shed, "")} inputs were shed` : "";
}

export function figuresOf(gauges: Gauges): readonly Figure[] {
  const of = (
    name: string,
    label: string,
    help: string,
    show: (value: number) => string,
    isStrained = false,
  ): readonly Figure[] => {
    const value = gauges[name];
    return value === undefined ? [] : [{ label, value: show(value), help, isStrained }];
  };
  const shed = gauges["shed"] ?? 0;
  return [
    ...of(
      "degraded",
      "Mode",
      "Degraded: it publishes less often, to keep up",
      (value) => (value === 1 ? "degraded" : "full pace"),
      gauges["degraded"] === 1,
    ),
    ...of("samplesPerSecond", "Throughput", "Samples that it takes in a second", (value) =>
      quantity(value, "/s"),
    ),
    ...of("latencyP50Us", "Latency, half of all inputs", "From arrival to the first listener", span),
    ...of("latencyP99Us", "Latency, 99 of 100", "From arrival to the first listener", span),
    ...of(
      "shed",
      "Shed",
      "Inputs that came faster than they could be taken",
      (value) => quantity(value, ""),
      shed > 0,
    ),
    ...of("late", "Late samples", "Samples older than what was taken before them", (value) =>
      quantity(value, ""),
    ),
    ...of("queueDepth", "Queue", "Inputs that wait", (value) => quantity(value, "")),
    ...of("residentBytes", "Memory", "Of the whole process", (value) => quantity(value, "B")),
    ...of("heapBytes", "Heap", "Of its JavaScript", (value) => quantity(value, "B")),
    ...of(
      "recordingBytes",
      "Recording",
      "On disk; of its bound, if it has one, above which the oldest part is removed",
      (value) => ofBound(value, gauges["recordingBytesMax"], (bytes) => quantity(bytes, "B")),
      (gauges["recordingBytes"] ?? 0) > (gauges["recordingBytesMax"] ?? Number.POSITIVE_INFINITY),
    ),
    ...of(
      "recordingSpanUs",
      "Recorded time",
      "From its oldest part that is kept; of its bound, if it has one",
      (value) => ofBound(value, gauges["recordingSpanUsMax"], span),
    ),
    ...actorsOf(gauges),
  ];
}

/** "12 MB of 1 GB". */
function ofBound(value: number, bound: number | undefined, show: (value: number) => string): string {
  return bound === undefined ? show(value) : `${show(value)} of ${show(bound)}`;
}

/** Processor time of each actor for one input. */
function actorsOf(gauges: Gauges): readonly Figure[] {
  return Object.entries(gauges)
    .filter(([name]) => name.startsWith(ACTOR))
    .map(([name, value]) => ({
      label: `Actor ${name.slice(ACTOR.length)}`,
      value: span(value),
      help: "Processor time for one input",
      isStrained: false,
    }));
}

const ACTOR = "actorUs.";
