/** What the risk detector reports to its machine. */
import type { Signal } from "../../ports/detector.ts";

/** How forecasts are wrong: losses exceed the value at risk too often, do so in clusters, or exceed it by more than the expected shortfall says. */
export type Breach = "rate" | "clusters" | "shortfall";

/** About one channel. */
interface OfChannel extends Signal {
  readonly channel: string;
  /** Display name. */
  readonly title: string;
  /** When it began, µs. */
  readonly sinceUs: number;
}

interface Found extends Signal {
  /** It is found once more, before it was over. */
  readonly again: boolean;
  /** In units of what is usual. */
  readonly effect: number;
  /** Against "as usual", less ln of the things that are watched, nats. */
  readonly evidence: number;
  /** What an announcement needs, with that. */
  readonly price: number;
}

/** The e-backtest of a channel says that its forecasts are wrong. */
export interface Violated extends OfChannel, Found {
  readonly type: "violated";
  readonly breach: Breach;
  /** Level of the forecasts, %. */
  readonly percent: number;
  /** Of the losses in the window: how many there are, how many exceeded the value at risk, how many may. */
  readonly returns: number;
  readonly exceeded: number;
  readonly expected: number;
  /** p-values in the window. */
  readonly kupiec: number;
  readonly christoffersen: number;
}

/** The forecasts of the channel stood all tests again. */
export interface Restored extends OfChannel {
  readonly type: "restored";
}

/** A channel loses more, or for longer, than its volatility lets expect. */
export interface Fell extends OfChannel, Found {
  readonly type: "fell";
  /** Sum of the log returns since `sinceUs`, negative for a loss, and how many they are. */
  readonly logReturn: number;
  readonly returns: number;
  /** Of one return. */
  readonly volatility: number;
  /** Shares of the peak. */
  readonly drawdown: number;
  readonly drawdownMax: number;
}

export interface Steadied extends OfChannel {
  readonly type: "steadied";
  readonly drawdown: number;
}

/** The channels of the group move together as they seldom do. */
export interface Turbulent extends Found {
  readonly type: "turbulent";
  /** Ordered by the size of their last moves. */
  readonly channels: readonly string[];
  readonly titles: readonly string[];
  readonly turbulence: number;
  /** Null: not known yet. */
  readonly absorption: number | null;
  readonly absorptionShift: number | null;
  readonly sinceUs: number;
}

export interface Calmed extends Signal {
  readonly type: "calmed";
  readonly turbulence: number;
  readonly sinceUs: number;
}

export type RiskSignal = Violated | Restored | Fell | Steadied | Turbulent | Calmed;
