/**
 * Keeps the scans of a session, as the program entered them: what was asked for, each result, and how it ended.
 *
 *   scanRequested · scanResult · scanHeld · scanEnded · scanRemoved ─► book.ts ─► /scans, live and in a replay
 *
 * Nothing is evaluated here (actors/scan/). Scans have no fixed length, so they are `kept` (actors/ports/detector.ts).
 */
import type { CommandInput, Input } from "../../../protocol/messages.ts";
import { SCAN_FACTS, type ScanFact, type ScanFactName } from "../../../protocol/scan-facts.ts";
import type { Detector, DetectorContext, Fields, KeptState } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { ScanBook } from "./book.ts";
import { scansMachine } from "./machine.ts";

export const scans = defineDetector({
  name: "scans",
  version: 2,
  machine: scansMachine,
  commands: Object.keys(SCAN_FACTS) as ScanFactName[],
  adapts: true,
  enabled: () => true,
  createDetector: () => new ScansDetector(),
  machineInput: () => ({}),
});

export class ScansDetector implements Detector<typeof scansMachine> {
  readonly fields: Fields = {};
  readonly book = new ScanBook();
  readonly kept: KeptState = {
    text: () => this.book.text(),
    save: () => this.book.save(),
    restore: (bytes) => this.book.restore(bytes),
  };

  onInput(input: Input, context: DetectorContext<typeof scansMachine>): void {
    if (input.type === "command") this.fact(input, context);
  }

  private fact({ name, body, author }: CommandInput, context: DetectorContext<typeof scansMachine>): void {
    switch (name as ScanFactName) {
      case "scanRequested":
        this.request(body as ScanFact<"scanRequested">, author.name ?? author.id, context);
        break;
      case "scanResult":
        this.book.add(body as ScanFact<"scanResult">);
        break;
      case "scanHeld":
        this.book.hold(body as ScanFact<"scanHeld">);
        break;
      case "scanEnded":
        this.end(body as ScanFact<"scanEnded">, context);
        break;
      case "scanRemoved":
        this.book.remove(body as ScanFact<"scanRemoved">);
        break;
    }
  }

  private request(
    body: ScanFact<"scanRequested">,
    by: string,
    context: DetectorContext<typeof scansMachine>,
  ): void {
    if (this.book.request(body, by) === null) return;
    const { scan, universe, rule, symbols } = body;
    context.signal({ type: "requested", timeUs: context.now, scan, universe, rule, by, symbols });
  }

  private end(body: ScanFact<"scanEnded">, context: DetectorContext<typeof scansMachine>): void {
    const ended = this.book.end(body);
    if (ended === null) return;
    const { requested, counts } = ended;
    const { scan, universe, rule, symbols } = requested;
    const { results, signals, errors } = counts;
    const processed = results + errors;
    const { reason } = body;
    context.signal({
      ...{ type: "ended", timeUs: context.now, scan, universe, rule, reason },
      ...{ symbols, processed, signals, errors },
    });
  }
}
