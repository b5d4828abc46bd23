/** What a table of samples is written with: one implementation for each format. */
import type { NamedFrame, Stretch } from "./read-samples.ts";

export interface SampleTable {
  begin(): Promise<void>;
  /** Writes the samples of a frame that lie in the stretch; resolves with how many they are. */
  frame(named: NamedFrame, stretch: Stretch): Promise<number>;
  end(): Promise<void>;
}
