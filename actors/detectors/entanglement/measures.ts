/**
 * What the channels of a state have in common beyond chance, as measures: pairs, hubs, groups, and the split across which they share most.
 *
 *   ρ ─► g of all pairs ─► Benjamini–Hochberg at 5 % (direct: all) ─► graph ─┬─► concurrence, formation, monogamy
 *                                                                            ├─► connected groups
 *                                                                            └─► split A | B ─► negativity, block coherence
 *
 * Exact for the matrix, in the single-excitation reading. Entries are those of the published state, with 24 bits.
 */
import { float32Column } from "../../../protocol/columns.ts";
import { coherencePValue } from "../../kernels/coherence-significance.ts";
import {
  crossNorm2,
  GROUP_A,
  GROUP_B,
  GroupEntropies,
  logNegativityBits,
  negativity,
} from "../../kernels/entanglement.ts";
import { benjaminiHochberg } from "../../kernels/multiple-testing.ts";
import { allConcurrences, allVisibilities, entanglementOfFormationBits } from "../../kernels/pair.ts";
import type { Group, GroupState } from "../../ports/detector.ts";
import { pairPlace, pairsOf } from "../pairs.ts";
import { measuredName, watchedColumns } from "../watched-channels.ts";

/** Channels that have measures of their own, the first ones. */
const MOST_CHANNELS = 16;
/** False discovery rate of the pairs that are called concurrent. */
const FALSE_DISCOVERIES = 0.05;
/** A smaller concurrence of a direct state is rounding of its entries. */
const ROUNDING = 1e-6;

export class EntanglementMeasures {
  private readonly group: Group;
  private readonly named: readonly number[];
  private readonly entropies: GroupEntropies;
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  private readonly visibilities: Float64Array;
  private readonly concurrences: Float64Array;
  private readonly roots: Float64Array;
  private readonly pValues: Float64Array;
  private readonly order: Float64Array;
  private readonly isEdge: Uint8Array;
  private readonly sides: Uint8Array;

  /** `split`: names of the channels of group A, with commas between them; "": the strongest split is found. */
  constructor(group: Group, split: string) {
    const { n } = group;
    const pairs = pairsOf(n);
    this.group = group;
    this.named = watchedColumns(split, group, false, n);
    this.entropies = new GroupEntropies(n);
    this.re = new Float64Array(n * n);
    this.im = new Float64Array(n * n);
    this.visibilities = new Float64Array(n * n);
    this.concurrences = new Float64Array(n * n);
    this.roots = new Float64Array(n);
    this.pValues = new Float64Array(pairs);
    this.order = new Float64Array(pairs);
    this.isEdge = new Uint8Array(pairs);
    this.sides = new Uint8Array(n);
  }

  add(measures: Record<string, number>, state: GroupState): void {
    const { n } = this.group;
    this.re.set(float32Column(state.re));
    this.im.set(float32Column(state.im));
    allConcurrences(n, this.re, this.im, this.concurrences);
    allVisibilities(n, this.re, this.im, this.visibilities, this.roots);
    const kappa = state.source === "direct" ? 0 : (measures["kappa"] ?? 1);
    const put = (name: string, value: number) => {
      measures[`entanglement.${name}`] = value;
    };
    put("pairs", this.findEdges(kappa));
    // A pair is significant where its coherence is at least this.
    put("coherenceFloor", this.leastCoherence());
    this.addPairs(put);
    this.addGroups(put);
    if (this.chooseSides()) this.addSplit(put, kappa);
  }

  /** Pairs that are concurrent beyond chance. */
  private findEdges(kappa: number): number {
    const { n } = this.group;
    const { visibilities, concurrences, pValues, isEdge } = this;
    isEdge.fill(0);
    if (!(kappa < 1)) return 0;
    for (let i = 1, k = 0; i < n; i++) {
      for (let j = 0; j < i; j++, k++) {
        const g = visibilities[i * n + j]!;
        if (kappa === 0) pValues[k] = concurrences[i * n + j]! > ROUNDING ? 0 : 1;
        else pValues[k] = Number.isNaN(g) ? 1 : coherencePValue(Math.min(1, g), 1 / kappa);
      }
    }
    return benjaminiHochberg(pValues.length, pValues, FALSE_DISCOVERIES, isEdge, this.order);
  }

  private edge(i: number, j: number): boolean {
    return i !== j && this.isEdge[i > j ? pairPlace(i, j) : pairPlace(j, i)] === 1;
  }

  private leastCoherence(): number {
    const { n } = this.group;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 1; i < n; i++)
      for (let j = 0; j < i; j++) if (this.edge(i, j)) least = Math.min(least, this.visibilities[i * n + j]!);
    return least;
  }

  private addPairs(put: (name: string, value: number) => void): void {
    const { n } = this.group;
    let strongest = 0;
    let monogamy = 0;
    for (let i = 0; i < n; i++) {
      const population = this.re[i * n + i]!;
      let shared = 0;
      for (let j = 0; j < n; j++) {
        if (!this.edge(i, j)) continue;
        const concurrence = this.concurrences[i * n + j]!;
        strongest = Math.max(strongest, concurrence);
        shared += concurrence * concurrence;
      }
      const most = 4 * population * (1 - population);
      const share = most > ROUNDING ? Math.min(1, shared / most) : 0;
      monogamy = Math.max(monogamy, share);
      if (i < MOST_CHANNELS) put(`hub.${measuredName(this.group, i, "entanglement.hub")}`, share);
    }
    put("concurrenceMax", strongest);
    put("formationMax", entanglementOfFormationBits(strongest));
    put("monogamyMax", monogamy);
  }

  /** Connected groups of at least two channels; `group.X` is 0 for a channel that is alone. */
  private addGroups(put: (name: string, value: number) => void): void {
    const { n } = this.group;
    const group = new Uint8Array(n);
    let groups = 0;
    let largest = 0;
    for (let from = 0; from < n; from++) {
      if (group[from] !== 0 || !this.hasEdge(from)) continue;
      groups++;
      const members = [from];
      group[from] = groups;
      for (const i of members)
        for (let j = 0; j < n; j++)
          if (group[j] === 0 && this.edge(i, j)) {
            group[j] = groups;
            members.push(j);
          }
      largest = Math.max(largest, members.length);
    }
    put("groups", groups);
    put("largestGroup", largest);
  }

  private hasEdge(i: number): boolean {
    for (let j = 0; j < this.group.n; j++) if (this.edge(i, j)) return true;
    return false;
  }

  /** The named split, or the strongest one: channels change sides while ‖ρ_AB‖² of the edges grows. False: no edge, and nothing is named. */
  private chooseSides(): boolean {
    const { n } = this.group;
    const { sides, named, concurrences } = this;
    if (named.length > 0) {
      sides.fill(GROUP_B);
      for (const column of named) sides[column] = GROUP_A;
      return named.length < n;
    }
    if (!this.isEdge.includes(1)) return false;
    sides.forEach((_, i) => {
      sides[i] = i % 2 === 0 ? GROUP_A : GROUP_B;
    });
    // Each move makes the sum larger, so that it ends.
    for (let moved = true; moved; ) {
      moved = false;
      for (let i = 0; i < n; i++) {
        let gain = 0;
        for (let j = 0; j < n; j++)
          if (this.edge(i, j)) {
            const concurrence = concurrences[i * n + j]!;
            gain += (sides[j] === sides[i] ? 1 : -1) * concurrence * concurrence;
          }
        if (!(gain > ROUNDING * ROUNDING)) continue;
        sides[i] = sides[i] === GROUP_A ? GROUP_B : GROUP_A;
        moved = true;
      }
    }
    return true;
  }

  private addSplit(put: (name: string, value: number) => void, kappa: number): void {
    const { n } = this.group;
    const { re, im, sides } = this;
    const shared = negativity(0, crossNorm2(n, re, im, sides));
    put("negativity", shared);
    put("logNegativity", logNegativityBits(shared));
    put("blockCoherence", this.entropies.blockCoherence(re, im, sides));
    // Of independent channels E ‖ρ_AB‖² = κ p_A p_B.
    let a = 0;
    for (let i = 0; i < n; i++) if (sides[i] === GROUP_A) a += re[i * n + i]!;
    put("negativityFloor", Math.sqrt(kappa * a * (1 - a)));
    for (let i = 0; i < Math.min(n, MOST_CHANNELS); i++)
      put(`side.${measuredName(this.group, i, "entanglement.side")}`, sides[i] === GROUP_A ? 1 : 0);
  }
}
