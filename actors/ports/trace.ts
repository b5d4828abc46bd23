/**
 * Traces of frames on their way through several processes: a span for each step. Where no tracer is given nothing is measured.
 *
 * What one process hands to the next is a `traceparent` (W3C Trace Context): the trace, and the span that the next one goes on from.
 */
export interface Tracer {
  /** Begins a trace; null for those that are not among the samples. */
  begin(name: string): Span | null;
  /** A span of a trace that another process began; null where the text names none that is sampled. */
  resume(name: string, traceparent: string): Span | null;
}

/** One that is not ended is not reported. */
export interface Span {
  readonly traceparent: string;
  child(name: string): Span;
  end(attributes?: Readonly<Record<string, string | number>>): void;
}
