/** The wording of the events of risk: title, severity and details of each. */
import expm1 from "@stdlib/math-base-special-expm1";
import type { Announcement, Finding } from "../../ports/detector.ts";
import { amount, brief, duration, listed } from "../event-wording.ts";
import type { Calmed, Fell, Restored, Steadied, Turbulent, Violated } from "./signals.ts";

interface OfGroup {
  readonly group: string;
}

export function violated(event: Violated): Announcement {
  const { channel, percent, breach, returns, exceeded, expected, kupiec, christoffersen } = event;
  return {
    kind: "risk.backtest-violated",
    severity: "info",
    title: violatedTitle(event),
    channels: [channel],
    detail: {
      atUs: event.timeUs,
      percent,
      breach,
      returns,
      exceeded,
      expected,
      kupiec,
      christoffersen,
      ...evidenceIn(event),
      sinceUs: event.sinceUs,
    },
    finding: begun(`${channel}/backtest`, event),
  };
}

export function restored({ channel, title, timeUs, sinceUs }: Restored): Announcement {
  return {
    kind: "risk.backtest-restored",
    severity: "info",
    title: `${title}: its value at risk stands all tests again`,
    channels: [channel],
    detail: { atUs: timeUs, sinceUs },
    finding: over(`${channel}/backtest`, sinceUs),
  };
}

export function fell(event: Fell): Announcement {
  const { channel, title, logReturn, returns, volatility, drawdown, drawdownMax, timeUs, sinceUs } = event;
  const moved = `${logReturn < 0 ? "fell" : "rose"} by ${percent(Math.abs(expm1(logReturn)))}`;
  const spread = timeUs > sinceUs ? ` in ${duration(timeUs - sinceUs)}` : "";
  return {
    kind: "risk.drawdown",
    severity: "info",
    title: `${title} ${moved}${spread}, with losses beyond what its volatility lets expect; ${percent(drawdown)} below its peak`,
    channels: [channel],
    detail: {
      atUs: timeUs,
      logReturn,
      returns,
      volatility,
      drawdown,
      drawdownMax,
      ...evidenceIn(event),
      sinceUs,
    },
    finding: begun(`${channel}/drawdown`, event),
  };
}

export function steadied({ channel, title, drawdown, timeUs, sinceUs }: Steadied): Announcement {
  return {
    kind: "risk.drawdown-over",
    severity: "info",
    title: `${title}: losses are as its volatility lets expect again, ${percent(drawdown)} below its peak`,
    channels: [channel],
    detail: { atUs: timeUs, drawdown, sinceUs },
    finding: over(`${channel}/drawdown`, sinceUs),
  };
}

export function turbulent(event: Turbulent, { group }: OfGroup): Announcement {
  const { channels, titles, effect, turbulence, absorption, absorptionShift, timeUs, sinceUs } = event;
  return {
    kind: "risk.turbulent",
    severity: "info",
    title: `${group} is turbulent: its channels move as they seldom do together, ${brief(effect)} times as far as usual for their volatility, most of all ${listed(titles)}`,
    channels,
    detail: {
      atUs: timeUs,
      turbulence,
      absorption,
      absorptionShift,
      ...evidenceIn(event),
      sinceUs,
    },
    finding: begun(TURBULENCE, event),
  };
}

export function calmed({ turbulence, timeUs, sinceUs }: Calmed, { group }: OfGroup): Announcement {
  return {
    kind: "risk.calm",
    severity: "info",
    title: `${group} is calm again: its channels move as usual together`,
    detail: { atUs: timeUs, turbulence, sinceUs },
    finding: over(TURBULENCE, sinceUs),
  };
}

/** A group has one turbulence. */
const TURBULENCE = "turbulence";

function violatedTitle({ title, breach, percent, returns, exceeded, expected }: Violated): string {
  const level = `${brief(percent)} % value at risk`;
  const counted = `${exceeded} of the last ${returns} losses did, ${brief(expected)} may`;
  switch (breach) {
    case "rate":
      return `${title} exceeds its ${level} too often: ${counted}`;
    case "clusters":
      return `${title} exceeds its ${level} several times in a row: ${counted}`;
    case "shortfall":
      return `${title} exceeds its ${level} by more than the expected shortfall says: ${counted}`;
    default:
      return unreachable(breach);
  }
}

interface Evidence {
  readonly again: boolean;
  readonly effect: number;
  readonly evidence: number;
  readonly price: number;
  readonly sinceUs: number;
}

function evidenceIn({ effect, evidence, price }: Evidence): Record<string, number> {
  return { effect, evidence, price };
}

function begun(key: string, { again, sinceUs, effect, evidence }: Evidence): Finding {
  return { key, phase: again ? "grew" : "opened", sinceUs, effect, evidence };
}

function over(key: string, sinceUs: number): Finding {
  return { key, phase: "ended", sinceUs, effect: 0, evidence: 0 };
}

/** "3.20 %" of 0.032. */
function percent(share: number): string {
  return amount(100 * share, "%");
}

function unreachable(breach: never): never {
  throw new Error(`unknown breach ${String(breach)}`);
}
