/**
 * Who is concurrent with whom in one group. The detector finds which pairs begin and cease to be; the machine announces it.
 *
 *   watching ─known──► watching, announced      what the channels usually have in common
 *            ─began──► watching, announced      a pair is concurrent beyond chance
 *            ─ceased─► watching, announced
 *
 * E1  What the channels usually have in common is announced once, as a number of pairs. Whole states need no learning.
 * E2  Of one pair `entanglement.began` and `entanglement.ceased` alternate. Away from what is usual opens a finding, the way back ends it.
 *
 * The statistics are in ../pair-evidence.ts, what is told in ../pair-news.ts.
 */
import { setup } from "xstate";
import type { Announcement, Finding, Signal } from "../../ports/detector.ts";
import { brief } from "../event-wording.ts";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";

export interface PairSignal extends Signal {
  /** Names and titles. A phase above 0 says that the first leads. */
  readonly first: string;
  readonly second: string;
  readonly firstTitle: string;
  readonly secondTitle: string;
  /** Coherence of estimated rows, concurrence of whole states, [0, 1]; and the phase. */
  readonly strength: number;
  readonly degrees: number;
  /** Pairs that changed as well, and are not told. */
  readonly more: number;
  /** Whether it is now as it was while learning. */
  readonly isUsual: boolean;
  /** Nats, less ln of the pairs; what an announcement needs, with that. 0 of whole states. */
  readonly evidence: number;
  readonly price: number;
  /** Whether the promise holds for the pair, or its rows depend on each other. */
  readonly guarantee: "holds" | "void";
  readonly sinceUs: number;
}

type EntanglementSignal =
  | (Signal & { readonly type: "known"; readonly found: number; readonly pairs: number })
  | (PairSignal & { readonly type: "began" })
  | (PairSignal & { readonly type: "ceased" });

interface OfGroup {
  readonly group: string;
  readonly isDirect: boolean;
}

export const entanglementMachine = setup({
  types: { context: {} as OfGroup, input: {} as OfGroup, events: {} as EntanglementSignal },
  actions: actorActions,
}).createMachine({
  id: "entanglement",
  context: ({ input }) => ({ group: input.group, isDirect: input.isDirect }),
  initial: "watching",
  states: {
    watching: {
      on: {
        known: { actions: announces(known) },
        began: { actions: announces(began) },
        ceased: { actions: announces(ceased) },
      } as const satisfies CompleteRow<EntanglementSignal>,
    },
  },
});

/** What every number of an estimated state has to say with it. */
const READING = { reading: "single-excitation", source: "estimated" } as const;

function known(
  { found, pairs, timeUs }: { found: number; pairs: number; timeUs: number },
  { group }: OfGroup,
): Announcement {
  return {
    kind: "entanglement.known",
    severity: "info",
    title: `${group}: ${found} of ${pairs} pairs usually move together beyond chance`,
    detail: { atUs: timeUs, found, pairs, ...READING },
  };
}

function began(event: PairSignal, of: OfGroup): Announcement {
  const { firstTitle, secondTitle, strength } = event;
  return announced("entanglement.began", event, of, {
    estimated: `${firstTitle} and ${secondTitle} move together beyond chance: coherence ${brief(strength)}`,
    direct: `${firstTitle} and ${secondTitle} are concurrent: ${brief(strength)}`,
  });
}

function ceased(event: PairSignal, of: OfGroup): Announcement {
  const { firstTitle, secondTitle, strength } = event;
  return announced("entanglement.ceased", event, of, {
    estimated: `${firstTitle} and ${secondTitle} have less than half in common of what they had: coherence ${brief(strength)}`,
    direct: `${firstTitle} and ${secondTitle} are no longer concurrent: ${brief(strength)}`,
  });
}

function announced(
  kind: string,
  event: PairSignal,
  { isDirect }: OfGroup,
  titles: { readonly estimated: string; readonly direct: string },
): Announcement {
  const { first, second, strength, degrees, more, evidence, price, guarantee, sinceUs, timeUs } = event;
  const channels = [first, second];
  if (isDirect) {
    const detail = {
      atUs: timeUs,
      concurrence: strength,
      more,
      reading: "single-excitation",
      source: "direct",
    };
    return { kind, severity: "info", title: titles.direct, channels, detail };
  }
  return {
    kind,
    severity: "info",
    title: `${titles.estimated}${more > 0 ? `; and ${more} more pairs` : ""}`,
    channels,
    detail: {
      atUs: timeUs,
      coherence: strength,
      degrees,
      more,
      evidence,
      price,
      guarantee,
      sinceUs,
      ...READING,
    },
    ...pairFinding(event),
  };
}

/** Coherence that 256 rows reach by chance. */
const CHANCE = 1 / 16;

/** None where the promise is void: such an announcement is no evidence. */
export function pairFinding(event: PairSignal): { finding?: Finding } {
  const { first, second, isUsual, strength, evidence, guarantee, sinceUs } = event;
  const key = `${first}~${second}`;
  if (isUsual) return { finding: { key, phase: "ended", sinceUs, effect: 0, evidence: 0 } };
  if (guarantee === "void") return {};
  return { finding: { key, phase: "opened", sinceUs, effect: strength / CHANCE, evidence } };
}
